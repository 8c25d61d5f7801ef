/** What can't be removed: a hook that fails, a namespace that hangs, an answer of 500, a time that is not over. */
import { describe, expect, it } from "vitest";
import { annotations } from "../../src/domain/names.ts";
import { TransientError } from "../../src/errors.ts";
import { abortRun } from "../../src/operate/abort-run.ts";
import { cleanUp } from "../../src/operate/clean-up.ts";
import { readState } from "../../src/pipeline/state.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { addFailedBuild, doing, expectSound, newRelease, storedRun } from "./seen.ts";

const answers500 = () => new TransientError("the Kubernetes API", "it answered 500", { status: 500 });

const uninstalls = (fake: FakeWorld, name: string) =>
  fake.effects("releases.uninstall").filter(({ args }) => args[0] === name);

describe("leftovers that can't be removed", () => {
  const withHook = (fake: FakeWorld, name: string) => {
    addFailedBuild(fake, name);
    fake.cluster.require(name).hookFails = true;
  };
  it("because their uninstall hook fails go without it at the second try, within the same run", async () => {
    const fake = createFakeWorld({ live: {} });
    withHook(fake, "prod-bad01");
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.said).toContain("prod-bad01 stays for now: helm could not uninstall prod-bad01");
    expect(fake.said).toContain("deleting its namespace anyway");
    expect(uninstalls(fake, "prod-bad01")).toHaveLength(2);
    expect(fake.namespaces).toEqual([newRelease(fake)]);
    const { attachments } = await readState(fake.builder("look-1").world, new AbortController().signal);
    const [evidence] = attachments.evidence.filter(({ release }) => release === "prod-bad01");
    expect(evidence?.lines.join()).toContain("pre-delete hook failed");
    expectSound(fake);
  });

  it("count their failures on the namespace: a crash does not forget them", async () => {
    const fake = createFakeWorld({ live: {} });
    withHook(fake, "prod-bad01");
    const first = fake.builder("builder-1");
    fake.when("after", "cluster.annotateNamespace", () => first.kill());
    expect(await first.run()).toEqual({ code: "killed" });
    expect(fake.cluster.require("prod-bad01").annotations[annotations.uninstallFailures]).toBe("1");
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(uninstalls(fake, "prod-bad01")).toHaveLength(2);
    expect(fake.namespaces).toEqual([newRelease(fake)]);
    expectSound(fake);
  });

  it("stand behind all interlocks again after the hook: what somebody keeps meanwhile stays", async () => {
    const fake = createFakeWorld({ live: {} });
    withHook(fake, "prod-bad01");
    const bad = fake.cluster.require("prod-bad01");
    bad.annotations[annotations.uninstallFailures] = "1";
    fake.when("before", "cluster.annotateNamespace", () => (bad.annotations[annotations.keep] = "why"));
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.namespaces).toEqual([newRelease(fake), "prod-bad01"].sort());
    expectSound(fake);
  });

  it("are removed by the second `cleanup` at the latest", async () => {
    const fake = createFakeWorld({ live: {} });
    withHook(fake, "prod-bad01");
    expect(await fake.builder("cleanup-1").run(doing(cleanUp))).toEqual({ code: 0 });
    expect(fake.namespaces).toContain("prod-bad01");
    expect(await fake.builder("cleanup-2").run(doing(cleanUp))).toEqual({ code: 0 });
    expect(fake.namespaces).toEqual(["prod-old01"]);
  });

  it("because the API server answers their deletion with 500 don't keep the next run from going live", async () => {
    const fake = createFakeWorld({ live: {} });
    addFailedBuild(fake, "prod-bad01");
    fake.faults.add({ calls: "cluster.deleteNamespace", forMs: 30 * 60_000, error: answers500 });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.said).toContain("prod-bad01 stays for now: it answered 500");
    expect(fake.namespaces).toEqual([newRelease(fake)]);
    expectSound(fake);
  });

  it("because their time is not over are named, and go within the run as soon as it is", async () => {
    const fake = createFakeWorld({ live: {} });
    addFailedBuild(fake, "prod-bad01");
    const until = new Date(fake.clock.now() + 20 * 60_000).toISOString();
    fake.cluster.require("prod-bad01").annotations[annotations.retainUntil] = until;
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.said).toContain(`prod-bad01 stays for now: it is kept until ${until}`);
    const [gone] = fake.effects("cluster.deleteNamespace");
    expect(gone!.args[0]).toBe("prod-bad01");
    expect(gone!.at - Date.parse(until)).toBeLessThan(2 * 60_000);
    expectSound(fake);
  });

  it("because another name of the zone leads to them stay, and are told with that name", async () => {
    const fake = createFakeWorld({ live: {} });
    for (const name of ["prod-bad01", "prod-bad02"]) addFailedBuild(fake, name);
    const address = fake.cluster.addressOf("prod-bad01", "ingress")!;
    const zone = fake.zones.get("site")!;
    zone.put({ name: "test.example.", type: "A", ttl: 300, rrdatas: [address] });
    fake.cluster.require("prod-bad02").release!.others = { ingress: ["2001:db8::2"] };
    zone.put({ name: "six.example.", type: "AAAA", ttl: 300, rrdatas: ["2001:0db8:0:0:0:0:0:2"] });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.namespaces).toEqual([newRelease(fake), "prod-bad01", "prod-bad02"].sort());
    await fake.builder("cleanup-1").run(doing(cleanUp));
    expect(fake.said).toContain("prod-bad01 stays: DNS points at it: test.example.");
    expect(fake.said).toContain("prod-bad02 stays: DNS points at it: six.example.");
    expectSound(fake);
  });
});

describe("the run's own half install", () => {
  it.each([
    ["is left by a killed builder", "during"],
    ["is half loaded and installed anew", undefined],
  ] as const)("whose uninstall hook fails goes without it at the second try: it %s", async (_, when) => {
    const fake = createFakeWorld({ live: {} });
    const fail = () => (fake.cluster.require(newRelease(fake)).hookFails = true);
    if (when) {
      const first = fake.builder("builder-1");
      fake.when("before", "releases.install", () => {
        fake.clock.at(fake.clock.now() + 1_000, () => first.kill());
      });
      expect(await first.run()).toEqual({ code: "killed" });
      fail();
    } else
      fake.when("before", "harvester.importData", () => {
        fake.cluster.require(newRelease(fake)).harvester.killImportAfter = 4;
        fail();
      });
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(uninstalls(fake, newRelease(fake))).toHaveLength(2);
    expect(fake.said).toContain("deleting its namespace anyway");
    expect(fake.effects("releases.install")).toHaveLength(2);
    expectSound(fake);
  });
});

describe("an old release that can't be removed after the swap", () => {
  const refusals: [string, (fake: FakeWorld) => void][] = [
    ["its hook fails", (fake) => (fake.cluster.require("prod-old01").hookFails = true)],
    [
      "its namespace hangs",
      (fake) =>
        fake.when("after", "cluster.deleteNamespace", () => {
          fake.cluster.require("prod-old01").goneAt = Infinity;
        }),
    ],
    [
      "the API server answers 500",
      (fake) => fake.faults.add({ calls: "cluster.deleteNamespace", times: Infinity, error: answers500 }),
    ],
    [
      "another name leads to it",
      (fake) => {
        const rrdatas = [fake.cluster.addressOf("prod-old01", "ingress")!];
        fake.zones.get("site")!.put({ name: "old.example.", type: "A", ttl: 300, rrdatas });
      },
    ],
  ];
  it.each(refusals)("(%s) leaves the run succeeded, with a warning and what to type", async (_, act) => {
    const fake = createFakeWorld({ live: {} });
    act(fake);
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(storedRun(fake).phase).toBe("succeeded");
    expect(fake.notifications.map(({ event }) => event)).toEqual(["started", "live"]);
    expect(fake.said).toContain("prod-old01 stays for now");
    expect(fake.said).toContain("again:  kubectl create job cleanup-1 --from=cronjob/builder-cleanup");
    expect(fake.live).toEqual([newRelease(fake)]);
    expect(fake.namespaces).toEqual([newRelease(fake), "prod-old01"].sort());
    expectSound(fake);
  });

  it("goes with the next run, though its hook still fails", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.cluster.require("prod-old01").hookFails = true;
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(fake.namespaces).toEqual([newRelease(fake)]);
    expectSound(fake);
  });
});

describe("an abort", () => {
  it("ends the run though its release can't be removed, and says so", async () => {
    const fake = createFakeWorld({ live: {} });
    const running = fake.builder("builder-1").run();
    await fake.clock.sleep(20 * 60_000);
    fake.cluster.require(newRelease(fake)).hookFails = true;
    expect(await fake.builder("abort-1").run(abortRun)).toEqual({ code: 0 });
    expect(await running).toMatchObject({ code: 1 });
    expect(storedRun(fake).phase).toBe("aborted");
    expect(fake.said).toContain(`${newRelease(fake)} stays for now`);
    expect(await fake.builder("abort-2").run(abortRun)).toEqual({ code: 0 });
    expect(fake.namespaces).toEqual(["prod-old01"]);
  });
});
