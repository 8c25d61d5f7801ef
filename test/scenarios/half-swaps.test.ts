/** A swap that stops half way: all names or none, and what is said of it is what DNS says. */
import { describe, expect, it } from "vitest";
import { annotations } from "../../src/domain/names.ts";
import { cleanUp } from "../../src/operate/clean-up.ts";
import { rollBack } from "../../src/operate/roll-back.ts";
import { ConfigError } from "../../src/errors.ts";
import { answered } from "../fakes/faults.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { doing, expectSound, minute, newRelease, storedRun, twoZones } from "./seen.ts";

const untrue = /nothing was touched|nothing that visitors see has changed/;

const refusal = (status: number) => () => answered("Cloud DNS", status);

/** What the last builder said at its end. */
const lastWords = (fake: FakeWorld) =>
  fake.lines
    .slice(-3)
    .map(({ message }) => message)
    .join("\n");

describe("a Change that was accepted, and whose status can't be read", () => {
  it.each([403, 404, 500])("(%s, for ever) ends with 75, all names moved, and says so", async (status) => {
    for (const mappings of [undefined, twoZones]) {
      const fake = createFakeWorld({ live: { ttl: 3_600 }, ...(mappings && { mappings }) });
      fake.faults.add({ calls: "dns.findChangeStatus", times: Infinity, error: refusal(status) });
      expect(await fake.builder("builder-1").run()).toMatchObject({ code: 75 });
      expect(fake.live).toEqual([newRelease(fake)]);
      expect(lastWords(fake)).not.toMatch(untrue);
      expect(lastWords(fake)).toContain(`live is ${newRelease(fake)}; the public names point at it`);
      expectSound(fake);
      // The state is lost, and somebody cleans up right away: resolvers still hold the old address.
      fake.store.state = undefined;
      await fake.builder("cleanup-1").run(doing(cleanUp));
      expect(fake.namespaces).toContain("prod-old01");
      expectSound(fake);
    }
  });

  it("keeps nobody from rolling back", async () => {
    const fake = createFakeWorld({ live: {}, mappings: twoZones });
    fake.faults.add({ calls: "dns.findChangeStatus", times: Infinity, error: refusal(404) });
    expect(await fake.builder("builder-1").run()).toMatchObject({ code: 75 });
    expect(await fake.builder("rollback-1").run(doing(rollBack))).toEqual({ code: 0 });
    expect(fake.live).toEqual(["prod-old01"]);
    expect(storedRun(fake).phase).toBe("rolled-back");
    expectSound(fake);
  });
});

describe("a Change that was accepted, and whose id nobody knows", () => {
  const losses: [string, (fake: FakeWorld, kill: () => void) => void, unknown][] = [
    [
      "its answer was lost",
      (fake) => fake.faults.add({ calls: "dns.change", when: "after" }),
      expect.objectContaining({ code: 75 }),
    ],
    [
      "its builder was killed right after",
      (fake, kill) => fake.when("after", "dns.change", kill),
      { code: "killed" },
    ],
  ];
  it.each(losses)("has nothing deleted while it is pending: %s", async (_, lose, first) => {
    for (const mappings of [undefined, twoZones]) {
      const fake = createFakeWorld({ live: {}, ...(mappings && { mappings }) });
      for (const zone of fake.zones.values()) zone.pendingMs = 30 * minute;
      const builder = fake.builder("builder-1");
      lose(fake, () => builder.kill());
      expect(await builder.run()).toEqual(first);
      const { doneAt } = fake.zones.get("site")!.changes[0]!;
      for (let n = 2; ; n += 1) {
        const { code } = await fake.builder(`builder-${n}`).run();
        expect(code).toBe(fake.clock.now() < doneAt ? 75 : 0);
        if (code === 0) break;
        expect(storedRun(fake).dns?.pending).toContainEqual({ zone: "site", id: "1" });
        expect(fake.namespaces).toContain("prod-old01");
      }
      expect(Date.parse(storedRun(fake).dns?.swappedAt ?? "")).toBeGreaterThanOrEqual(Math.floor(doneAt));
      expect(storedRun(fake).dns?.pending).toEqual([]);
      expect(fake.zones.get("site")!.changes).toHaveLength(1);
      expectSound(fake);
    }
  });
});

describe("the old release", () => {
  it.each([true, false])(
    "is protected before the first Change is sent (ours by label: %s)",
    async (labels) => {
      const fake = createFakeWorld({ live: { ttl: 3_600, labels } });
      const first = fake.builder("builder-1");
      let noted: Record<string, string> = {};
      fake.when("before", "dns.change", () => {
        noted = { ...fake.cluster.require("prod-old01").annotations };
      });
      fake.when("after", "dns.change", () => first.kill());
      expect(await first.run()).toEqual({ code: "killed" });
      expect(Date.parse(noted[annotations.retainUntil] ?? "") - fake.clock.now()).toBeGreaterThan(3_600_000);
      fake.store.state = undefined;
      await fake.builder("cleanup-1").run(doing(cleanUp));
      expect(fake.namespaces).toContain("prod-old01");
      expectSound(fake);
    },
  );
});

describe("a second zone that changes once the first has taken its Change", () => {
  const ways: [string, (fake: FakeWorld) => void, number][] = [
    ["can't be read any more", (fake) => (fake.zones.get("other")!.denied = "everything"), 75],
    ["is gone", (fake) => (fake.zones as Map<string, unknown>).delete("other"), 75],
    [
      "has a routing policy now",
      (fake) => {
        const other = fake.zones.get("other")!;
        other.remove("colplanta.example.");
        const routingPolicy = { wrr: { items: [{ weight: 1, rrdatas: ["198.51.100.1"] }] } };
        other.put({ name: "colplanta.example.", type: "A", ttl: 30, rrdatas: [], routingPolicy });
      },
      3,
    ],
  ];
  it.each(ways)("(%s) has the first put back", async (_, act, code) => {
    const fake = createFakeWorld({ live: {}, mappings: twoZones });
    fake.when("after", "dns.change", () => act(fake));
    expect(await fake.builder("builder-1").run()).toMatchObject({ code });
    expect(fake.pointsAt(twoZones[0]!)).toBe("prod-old01");
    expect(lastWords(fake)).not.toMatch(untrue);
    expect(fake.namespaces).toContain("prod-old01");
    expect(fake.invariants.violations).toEqual([]);
  });

  it("has the first put back by the next builder, where the one that swapped was killed", async () => {
    const fake = createFakeWorld({ live: {}, mappings: twoZones });
    const first = fake.builder("builder-1");
    fake.when("after", "dns.change", () => {
      first.kill();
      fake.zones.get("other")!.denied = "everything";
    });
    expect(await first.run()).toEqual({ code: "killed" });
    expect(fake.pointsAt(twoZones[0]!)).toBe(newRelease(fake));
    expect(await fake.builder("builder-2").run()).toMatchObject({ code: 75 });
    expect(fake.pointsAt(twoZones[0]!)).toBe("prod-old01");
    expect(fake.zones.get("site")!.changes).toHaveLength(2);
    expect(await fake.builder("builder-3").run()).toMatchObject({ code: 75 });
    expect(fake.zones.get("site")!.changes).toHaveLength(2); // no flapping
    fake.zones.get("other")!.denied = false;
    expect(await fake.builder("builder-4").run()).toEqual({ code: 0 });
    expect(fake.live).toEqual([newRelease(fake)]);
    expectSound(fake);
  });
});

describe("rollback", () => {
  it("is patient: a Cloud DNS that has a bad minute is asked again", async () => {
    const fake = createFakeWorld({ live: {}, settings: { RETAIN_PREVIOUS: "48h" } });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    fake.faults.add({ calls: "dns.change", forMs: 60_000, error: refusal(503) });
    expect(await fake.builder("rollback-1").run(doing(rollBack))).toEqual({ code: 0 });
    expect(fake.live).toEqual(["prod-old01"]);
    expectSound(fake);
  });

  it("takes names back that an operator had moved to the new release by hand", async () => {
    const settings = { RETAIN_PREVIOUS: "48h", APPROVAL: "auto-after:2h" };
    const fake = createFakeWorld({ live: {}, settings });
    const running = fake.builder("builder-1").run();
    await fake.clock.sleep(2 * 3_600_000);
    fake.point(newRelease(fake));
    expect(await running).toEqual({ code: 0 });
    expect(await fake.builder("rollback-1").run(doing(rollBack))).toEqual({ code: 0 });
    expect(fake.live).toEqual(["prod-old01"]);
    expectSound(fake);
  });
});

describe("a put-back whose builder is killed", () => {
  it("is gone on with, though the new site has recovered meanwhile", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    const answer = (status: number) => (fake.cluster.require(newRelease(fake)).siteStatus = status);
    fake.when("after", "dns.change", () => void fake.clock.at(fake.clock.now() + 60_000, () => answer(500)));
    const recover = () => {
      first.kill();
      answer(200);
    };
    fake.when("after", "dns.change", recover, 2);
    expect(await first.run()).toEqual({ code: "killed" });
    expect(await fake.builder("builder-2").run()).toEqual({ code: 1 });
    expect(storedRun(fake)).toMatchObject({ phase: "rolled-back", failure: { code: "ROLLED_BACK" } });
    expect(fake.live).toEqual(["prod-old01"]);
    expect(fake.namespaces).toContain("prod-old01");
    expectSound(fake);
  });
});

describe("a key that is broken once names have moved", () => {
  const mistake = () => new ConfigError([{ where: "GOOGLE_APPLICATION_CREDENTIALS", what: "is no JSON" }]);
  it.each([
    ["in one zone of two", twoZones],
    ["in all", undefined],
  ])("(%s) leaves the run to the next builder, with 75", async (_, mappings) => {
    const fake = createFakeWorld({ live: {}, ...(mappings && { mappings }) });
    const first = fake.builder("builder-1");
    fake.when("after", "dns.change", () => first.kill());
    await first.run();
    fake.faults.add({ calls: /^dns\./, times: Infinity, error: mistake });
    expect(await fake.builder("builder-2").run()).toMatchObject({ code: 75 });
    expect(storedRun(fake).phase).toBe("interrupted");
    expect(fake.said).toContain("GOOGLE_APPLICATION_CREDENTIALS: is no JSON");
    expect(lastWords(fake)).not.toMatch(untrue);
    fake.faults.clear();
    expect(await fake.builder("builder-3").run()).toEqual({ code: 0 });
    expect(fake.live).toEqual([newRelease(fake)]);
    expectSound(fake);
  });
});
