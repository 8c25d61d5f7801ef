/** The black box: what is kept of a release when its run ends badly, for whoever asks why afterwards. */
import { describe, expect, it } from "vitest";
import { boundEvidence } from "../../src/actions/describe-release.ts";
import type { Evidence } from "../../src/domain/attachments.ts";
import { abortRun } from "../../src/operate/abort-run.ts";
import { cleanUp } from "../../src/operate/clean-up.ts";
import { readHistory } from "../../src/operate/history.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { day, doing, expectSound, minute, newRelease, storedRun } from "./seen.ts";

function kept(fake: FakeWorld): Evidence[] {
  return JSON.parse(fake.store.state?.attachments.get("evidence") ?? "[]") as Evidence[];
}

/** A run whose solr crashes over and over, and says why. */
async function failedBuild(fake: FakeWorld, identity = "builder-1"): Promise<string> {
  fake.cluster.doomed.set("solr", "CrashLoopBackOff");
  fake.when("after", "releases.install", () => {
    const solr = fake.cluster.require(newRelease(fake)).pods["solr"]!;
    solr.logs = Array.from({ length: 50 }, (_, index) => `line ${index + 1} ${"x".repeat(400)}`);
    solr.restarts = 4;
    solr.warnings = ["Back-off restarting failed container"];
  });
  expect(await fake.builder(identity).run()).toEqual({ code: 1 });
  fake.cluster.doomed.clear();
  return newRelease(fake);
}

async function shownOf(fake: FakeWorld, runId: string): Promise<string> {
  const { world } = fake.builder("history-1");
  return (await readHistory(world, runId, new AbortController().signal)).lines.join("\n");
}

describe("the evidence", () => {
  it("of a failed run is kept at its end: the pod that failed first, why, its warnings and its last lines", async () => {
    const fake = createFakeWorld({ live: {} });
    const failed = await failedBuild(fake);
    const [evidence, ...others] = kept(fake);
    expect(others).toEqual([]);
    expect(evidence).toMatchObject({ release: failed, takenAt: storedRun(fake).finishedAt });
    const [first, second, ...lines] = evidence!.lines;
    expect(first).toMatch(/^solr: CrashLoopBackOff, 4 restarts \(pod solr-0\)$/);
    expect(second).toBe("  Back-off restarting failed container");
    const logs = lines.filter((line) => line.startsWith("  solr: line "));
    expect(logs).toHaveLength(20);
    expect(logs[19]).toMatch(/^ {2}solr: line 50 x+…$/);
    expectSound(fake);
  });

  it("is shown by history, also when the release was removed long ago", async () => {
    const fake = createFakeWorld({ live: {} });
    const failed = await failedBuild(fake);
    const { runId } = storedRun(fake);
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(fake.namespaces).not.toContain(failed);
    const shown = await shownOf(fake, runId);
    expect(shown).toContain(`state of ${failed} when the run failed`);
    expect(shown).toMatch(/^ {2}solr: CrashLoopBackOff, 4 restarts \(pod solr-0\)$/m);
    expect(shown).toMatch(/^ {4}solr: line 50 x+…$/m);
    expect(await shownOf(fake, storedRun(fake).runId)).not.toContain("state of");
  });

  it("has the last lines of what ran and never became ready, after those of what failed", async () => {
    const fake = createFakeWorld({ live: {}, settings: { PODS_TIMEOUT: "90s" } });
    fake.when("after", "releases.install", () => {
      const { pods } = fake.cluster.require(newRelease(fake));
      Object.assign(pods["db"]!, { readyAt: Infinity, logs: ["mysqld: waiting for its volume"] });
      Object.assign(pods["solr"]!, { readyAt: Infinity, restarts: 1, logs: ["out of memory"] });
    });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
    const logs = kept(fake)[0]!.lines.filter((line) => /^ {2}\w+: /.test(line));
    expect(logs).toEqual(["  solr: out of memory", "  db: mysqld: waiting for its volume"]);
  });

  it("is gathered once: the removal of a release by cleanup, abort or the next run adds nothing", async () => {
    const fake = createFakeWorld({ live: {} });
    await failedBuild(fake);
    const before = kept(fake);
    await fake.clock.sleep(minute);
    await fake.builder("cleanup-1").run(doing(cleanUp));
    expect(fake.namespaces).toEqual(["prod-old01"]);
    expect(kept(fake)).toEqual(before);
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
    expect(kept(fake)).toEqual(before);
  });

  it("is kept of a run that an operator aborts while its pods don't become ready", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.when("after", "releases.install", () => {
      fake.cluster.require(newRelease(fake)).pods["solr"]!.readyAt = Infinity;
    });
    const running = fake.builder("builder-1").run();
    await fake.clock.sleep(10 * minute);
    const aborted = newRelease(fake);
    expect(await fake.builder("abort-1").run(abortRun)).toEqual({ code: 0 });
    expect(await running).toEqual({ code: 1 });
    expect(kept(fake).map(({ release }) => release)).toEqual([aborted]);
    expect(kept(fake)[0]?.lines[0]).toContain("solr");
    expectSound(fake);
  });

  it.each(["cluster.observe", "cluster.logs", "cluster.warnings"] as const)(
    "that can't be had does not hold the run's end up (%s is away)",
    async (call) => {
      const fake = createFakeWorld({ live: {}, settings: { GATE_SENTINELS: "taxon-1" } });
      let judgedAt = NaN;
      fake.when("after", "harvester.startList", ({ args }) => {
        const namespace = fake.cluster.require(String(args[0]));
        namespace.harvester.missingTaxa.add("taxon-1");
      });
      // The gate fails, and at that moment the cluster goes away, with a pod that is not well.
      const builder = fake.builder("builder-1");
      const { site } = builder.world.ports;
      builder.world.ports.site = {
        ...site,
        hasTaxon: async (...args) => {
          const seen = await site.hasTaxon(...args);
          const { pods } = fake.cluster.require(newRelease(fake));
          const trouble = { readyAt: Infinity, logs: ["out of memory"], warnings: ["warned"] };
          Object.assign(pods["solr"]!, trouble);
          fake.faults.add({ calls: call, forMs: 60 * minute });
          judgedAt = fake.clock.now();
          return seen;
        },
      };
      expect(await builder.run()).toEqual({ code: 1 });
      const { finishedAt = "", failure } = storedRun(fake);
      expect(failure?.code).toBe("GATE_SENTINELS");
      expect(Date.parse(finishedAt) - judgedAt).toBeLessThanOrEqual(10_000);
      // What could be read is there all the same.
      const lines = kept(fake).flatMap((evidence) => evidence.lines);
      const seen = ["solr: starting (pod solr-0)", "  warned", "  solr: out of memory"];
      const missing = { "cluster.observe": seen, "cluster.warnings": [seen[1]], "cluster.logs": [seen[2]] };
      expect(lines).toEqual(seen.filter((line) => !missing[call].includes(line)));
      expectSound(fake);
    },
  );

  it("of an earlier try with the same release is replaced", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    fake.when("after", "releases.install", () => first.kill());
    await first.run();
    const release = newRelease(fake);
    const older = { release, takenAt: "2026-11-22T12:00:00.000Z", lines: ["older"] };
    fake.store.state?.attachments.set("evidence", JSON.stringify([older]));
    fake.cluster.require(release).pods["solr"]!.readyAt = Infinity;
    expect(await fake.builder("builder-2").run()).toEqual({ code: 1 });
    expect(kept(fake).map((evidence) => evidence.release)).toEqual([release]);
    expect(kept(fake)[0]?.lines).not.toContain("older");
  });

  it("is that of the last four releases", async () => {
    const fake = createFakeWorld({ live: {} });
    const failed: string[] = [];
    for (let number = 1; number <= 6; number += 1) {
      failed.push(await failedBuild(fake, `builder-${number}`));
      await fake.clock.sleep(day);
    }
    expect(kept(fake).map(({ release }) => release)).toEqual(failed.slice(2));
  });

  it("that another version wrote otherwise is passed over, and replaced by the next", async () => {
    const fake = createFakeWorld({ live: {} });
    await failedBuild(fake);
    const { runId } = storedRun(fake);
    fake.store.state?.attachments.set("evidence", JSON.stringify([{ release: "prod-bad01", pods: [] }, "x"]));
    expect(await shownOf(fake, runId)).not.toContain("state of");
    const next = await failedBuild(fake, "builder-2");
    expect(kept(fake).map(({ release }) => release)).toEqual([next]);
  });
});

describe("what is kept of evidence", () => {
  const part = (name: string, lines: number) => [
    `${name}: starting`,
    ...Array.from({ length: lines }, (_, index) => `  ${name}: line ${index + 1} ${"ä".repeat(140)}`),
  ];

  it("is all of it where there is room", () => {
    const parts = [part("solr", 26), part("db", 3)];
    expect(boundEvidence(parts)).toEqual(parts.flat());
  });

  it("is bounded to 10 kB a release: what failed first has the room, and every pod keeps its first line", () => {
    const parts = ["a", "b", "c", "d", "e", "f", "g", "h"].map((name) => part(name, 26));
    const lines = boundEvidence(parts);
    expect(Buffer.byteLength(lines.join(""))).toBeLessThanOrEqual(10_000);
    expect(lines.slice(0, 27)).toEqual(parts[0]);
    const [second, ...rest] = parts[1]!;
    expect(lines.slice(27, 35)).toEqual([second, ...rest.slice(-7)]);
    expect(lines.slice(35)).toEqual(parts.slice(2).map(([first]) => first));
  });
});
