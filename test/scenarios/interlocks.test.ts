/**
 * Properties of whole verbs over generated worlds: deletion never touches what is live, kept or another's; an unread or
 * empty DNS never leads to one; a swap never leaves names divided, and nobody else's edit is overwritten.
 */
import { describe, expect, it, vi } from "vitest";
import { abortRun } from "../../src/operate/abort-run.ts";
import { cleanUp } from "../../src/operate/clean-up.ts";
import { rollBack } from "../../src/operate/roll-back.ts";
import { updateLive } from "../../src/operate/update-live.ts";
import { fc, playsAll, runs } from "../fast-check.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import {
  breakDns,
  describeRecord,
  dnsFaults,
  isOurs,
  letIn,
  mappings,
  mustStay,
  namespaces,
  outsider,
  records,
  worldOf,
} from "./interlocks/worlds.ts";
import { doing } from "./seen.ts";

vi.setConfig({ testTimeout: 600_000 });

const removed = (fake: FakeWorld) => [
  ...fake.effects("releases.uninstall"),
  ...fake.effects("cluster.deleteNamespace"),
];
/** All names that the outsider did not edit point at one release. */
function expectUndivided(fake: FakeWorld, edited: number | undefined): void {
  const owners = mappings.filter((_, index) => index !== edited).map((mapping) => fake.pointsAt(mapping));
  expect(new Set(owners).size).toBe(1);
}

describe("cleanup", () => {
  it("removes nothing that is live, kept, retained or another's, and nothing at all while DNS can't be read", async () => {
    let deletions = 0;
    await fc.assert(
      fc.asyncProperty(namespaces, records, dnsFaults, async (given, pointing, fault) => {
        const fake = worldOf(given, pointing, { RETRY_TIMEOUT: "2m" });
        const staying = given.filter((item) => mustStay(fake, item)).map(({ name }) => name);
        breakDns(fake, fault);
        await fake.builder("cleanup-1").run(doing(cleanUp));
        expect(fake.namespaces).toEqual(expect.arrayContaining(staying));
        expect(fake.invariants.violations).toEqual([]);
        expect(fake.effects("dns.change")).toEqual([]);
        if (fault === "for ever" || fault === "forbidden") expect(removed(fake)).toEqual([]);
        deletions += removed(fake).length;
      }),
      { numRuns: runs(300) },
    );
    if (playsAll) expect(deletions).toBeGreaterThan(50);
  });

  it("removes nothing that ever was live while DNS has no record", async () => {
    await fc.assert(
      fc.asyncProperty(namespaces, async (given) => {
        const fake = worldOf(given, []);
        await fake.builder("cleanup-1").run(doing(cleanUp));
        const once = given.filter(({ live, replaced }) => live !== undefined || replaced !== undefined);
        expect(fake.namespaces).toEqual(expect.arrayContaining(once.map(({ name }) => name)));
        expect(fake.invariants.violations).toEqual([]);
      }),
      { numRuns: runs(200) },
    );
  });
});

describe("run", () => {
  it("leaves what is live, kept or another's, whatever else is there and however DNS answers", async () => {
    let swaps = 0;
    await fc.assert(
      fc.asyncProperty(namespaces, records, dnsFaults, async (given, pointing, fault) => {
        const fake = worldOf(given, pointing, { RETRY_TIMEOUT: "2m", POST_SWAP_WATCH: "0s" });
        // What DNS points at need not be healthy in these worlds.
        fake.invariants.readyIsWatched = false;
        const others = given.filter((item) => item.keep || !isOurs(item));
        breakDns(fake, fault);
        const outcome = await fake.builder("builder-1").run();
        expect(outcome).not.toMatchObject({ code: "bug" });
        expect(fake.namespaces).toEqual(expect.arrayContaining(others.map(({ name }) => name)));
        expect(fake.invariants.violations).toEqual([]);
        if (fault === "for ever" || fault === "forbidden") expect(removed(fake)).toEqual([]);
        if (outcome.code === 0) expectUndivided(fake, undefined);
        swaps += fake.effects("dns.change").length;
      }),
      { numRuns: runs(60) },
    );
    if (playsAll) expect(swaps).toBeGreaterThan(20);
  });

  it("never overwrites what an outsider edits on the way, and never leaves the other names divided", async () => {
    const seen = { edited: 0, refused: 0, live: 0 };
    await fc.assert(
      fc.asyncProperty(outsider, async (who) => {
        const fake = createFakeWorld({ mappings, live: {}, settings: { POST_SWAP_WATCH: "2m" } });
        const edit = letIn(fake, who);
        const outcome = await fake.builder("builder-1").run();
        expect(outcome).not.toMatchObject({ code: "bug" });
        expect(fake.invariants.violations).toEqual([]);
        if (edit.left !== undefined && who.edit !== "another TTL")
          expect(describeRecord(fake, who.name)).toBe(edit.left);
        if (edit.left !== undefined && who.edit === "another TTL") {
          const { zone, name } = mappings[who.name]!;
          expect(fake.zones.get(zone)!.find(name)?.ttl).toBe(77);
          expect(outcome).toEqual({ code: 0 });
        }
        expectUndivided(fake, edit.left === undefined || who.edit === "another TTL" ? undefined : who.name);
        seen.edited += edit.left === undefined ? 0 : 1;
        seen.refused += outcome.code === 3 ? 1 : 0;
        seen.live += outcome.code === 0 ? 1 : 0;
      }),
      { numRuns: runs(60) },
    );
    if (playsAll) expect(seen.edited).toBeGreaterThan(35);
    if (playsAll) expect(seen.refused).toBeGreaterThan(8);
    if (playsAll) expect(seen.live).toBeGreaterThan(8);
  });
});

describe("rollback", () => {
  it("goes back with all names or none, and leaves what an outsider has made of one", async () => {
    const codes = new Map<unknown, number>();
    await fc.assert(
      fc.asyncProperty(fc.option(outsider, { nil: undefined }), fc.boolean(), async (who, healthy) => {
        const settings = { RETAIN_PREVIOUS: "48h", POST_SWAP_WATCH: "0s" };
        const fake = createFakeWorld({ mappings, live: {}, settings });
        expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
        if (!healthy) fake.cluster.require("prod-old01").pods["portal"]!.readyAt = Infinity;
        const at = who && "minutes" in who.at ? { minutes: 0 } : who?.at;
        const edit =
          who && at ? letIn(fake, { ...who, at: "nth" in at ? { ...at, nth: 1 } : at }) : undefined;
        await fake.clock.sleep(1_000);
        const outcome = await fake.builder("rollback-1").run(doing(rollBack));
        codes.set(outcome.code, (codes.get(outcome.code) ?? 0) + 1);
        expect(outcome).not.toMatchObject({ code: "bug" });
        const isEdited = edit?.left !== undefined && who?.edit !== "another TTL";
        if (isEdited) expect(describeRecord(fake, who!.name)).toBe(edit.left);
        expectUndivided(fake, isEdited ? who!.name : undefined);
        if (!healthy) expect(outcome).toMatchObject({ code: 3 });
        expect(removed(fake)).toEqual([]);
        expect(fake.invariants.violations).toEqual([]);
      }),
      { numRuns: runs(50) },
    );
    if (playsAll) expect(codes.get(0)).toBeGreaterThan(5);
    if (playsAll) expect(codes.get(3)).toBeGreaterThan(5);
  });
});

describe("abort", () => {
  it("removes the run's own release and nothing else, before the swap; nothing at all after it", async () => {
    const codes = new Map<unknown, number>();
    await fc.assert(
      fc.asyncProperty(
        namespaces,
        fc.integer({ min: 0, max: 60 }),
        dnsFaults,
        async (given, minutes, fault) => {
          const others = given.filter((item) => item.name !== "prod-old01" && (item.keep || !isOurs(item)));
          const fake = worldOf(others, [], { RETRY_TIMEOUT: "2m" });
          fake.makeLive({});
          const running = fake.builder("builder-1").run();
          await fake.clock.sleep(minutes * 60_000 + 500);
          const live = fake.live;
          breakDns(fake, fault);
          const outcome = await fake.builder("abort-1").run(abortRun);
          codes.set(outcome.code, (codes.get(outcome.code) ?? 0) + 1);
          expect(outcome).not.toMatchObject({ code: "bug" });
          fake.faults.clear();
          for (const zone of fake.zones.values()) zone.denied = false;
          await running;
          expect(fake.namespaces).toEqual(expect.arrayContaining(others.map(({ name }) => name)));
          expect(fake.invariants.violations).toEqual([]);
          if (fault === "none" && outcome.code === 0) expect(fake.live).toEqual(live);
          if (fault === "none" && fake.live[0] !== live[0]) expect(outcome).toMatchObject({ code: 3 });
          expectUndivided(fake, undefined);
        },
      ),
      { numRuns: runs(60) },
    );
    if (playsAll) expect(codes.get(0)).toBeGreaterThan(3);
    if (playsAll) expect(codes.get(3)).toBeGreaterThan(3);
  });
});

describe("update", () => {
  it("upgrades what all names point at, and nothing where that is not one release of ours", async () => {
    let upgrades = 0;
    await fc.assert(
      fc.asyncProperty(namespaces, records, dnsFaults, fc.boolean(), async (given, pointing, fault, same) => {
        const fake = worldOf(given, same ? mappings.map(() => pointing[0]) : pointing, {
          RETRY_TIMEOUT: "2m",
        });
        const live = fake.live.filter((name) => given.some((item) => item.name === name && isOurs(item)));
        breakDns(fake, fault);
        const outcome = await fake.builder("update-1").run(doing(updateLive));
        expect(outcome).not.toMatchObject({ code: "bug" });
        const upgraded = fake
          .effects("releases.upgrade")
          .map(({ args }) => (args[0] as { name: string }).name);
        const readable = fault === "none" || fault === "once";
        expect(upgraded).toEqual(readable && live.length === 1 ? live : []);
        expect(removed(fake)).toEqual([]);
        expect(fake.effects("dns.change")).toEqual([]);
        upgrades += upgraded.length;
      }),
      { numRuns: runs(200) },
    );
    if (playsAll) expect(upgrades).toBeGreaterThan(10);
  });
});
