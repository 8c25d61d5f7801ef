/** Two builders at once, a builder that is asked to stop, and a run that is given up. */
import { describe, expect, it } from "vitest";
import type { BuilderProcess } from "../../sandbox/world/builder-process.ts";
import { jobsStarted, readStored, releaseOf, type Bench } from "./bench.ts";

/** The harvest must last while others come and go: a world with jobs of half a second. */
export const slowJobs = { timerMs: 5, jobMs: 500 };

export function describeTwoBuilders(bench: Bench): void {
  describe("while a builder is at work", () => {
    let first: BuilderProcess;
    let release: string;

    it("a second one joins: it says which run, and exits with 0", async () => {
      first = bench().startBuilder("run");
      release = await releaseOf(first);
      await bench().until("the harvest", () => bench().databases.length > 1 && jobsStarted(bench()) > 2);
      const second = bench().startBuilder("run");
      expect(await second.exit, second.output()).toBe(0);
      const { run, lease } = await readStored(bench());
      expect(second.output()).toMatch(`another builder is at work: run ${run.runId}, await-harvest`);
      expect(lease.spec.holderIdentity).toMatch(new RegExp(`_${first.pid}$`));
      expect(first.hasEnded()).toBe(false);
    });

    it("status tells the step and the job", async () => {
      const status = bench().startBuilder(["status", "-o", "json"]);
      expect(await status.exit, status.output()).toBe(0);
      expect(JSON.parse(status.output())).toMatchObject({
        live: { releases: [bench().liveRelease] },
        run: { release, phase: "running", step: { name: "await-harvest" }, harvest: { list: "1", jobs: 82 } },
      });
    });

    it("SIGTERM ends it within 10 s with 75, everything saved and the Lease free", async () => {
      const began = Date.now();
      first.kill("SIGTERM");
      expect(await first.exit, first.output()).toBe(75);
      expect(Date.now() - began).toBeLessThan(10_000);
      const { run, lease } = await readStored(bench());
      expect(run).toMatchObject({ phase: "interrupted", release });
      expect(lease.spec.holderIdentity ?? "").toBe("");
    });

    it("abort ends the run of a living builder, which exits with 1, and leaves the live site alone", async () => {
      const next = bench().startBuilder("run");
      await next.line(new RegExp(`goes on`));
      await next.line(/await-harvest .*\d+ of 82/);
      const abort = bench().startBuilder("abort");
      expect(await abort.exit, abort.output()).toBe(0);
      expect(await next.exit, next.output()).toBe(1);
      expect(await bench().releases()).toEqual([bench().liveRelease]);
      expect(await bench().live()).toBe(bench().liveRelease);
      expect(bench().zone.changes).toEqual([]);
      const { run, lease } = await readStored(bench());
      expect(run).toMatchObject({ phase: "aborted", release });
      expect(lease.spec.holderIdentity ?? "").toBe("");
    });

    it("abort says so when there is nothing to abort", async () => {
      const abort = bench().startBuilder("abort");
      expect(await abort.exit).toBe(0);
      expect(abort.output()).toMatch("nothing to abort");
    });
  });
}
