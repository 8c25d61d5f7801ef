/** Builds that fail and settings that are wrong. */
import { describe, expect, it } from "vitest";
import { readStored, releaseOf, type Bench } from "./bench.ts";
import { expectGoodEnd } from "./kill-and-resume.ts";

/**
 * What a run that failed leaves, and what the next one makes of it. A crash loop counts from the third restart on,
 * half a minute later; a bad image after a tenth of PODS_TIMEOUT.
 */
export function describeFailedBuild(
  bench: Bench,
  behaviour: "crash-loop" | "image-pull-back-off",
  overrides: Record<string, string> = {},
): void {
  describe(`a build whose portal does not start (${behaviour})`, () => {
    let failed: string;

    it("fails with 1, names the culprit, and leaves the live site alone", async () => {
      const builder = bench().startBuilder("run", overrides);
      failed = await releaseOf(builder);
      await bench().simulate({ [`portal-${failed}`]: `${failed}/portal ${behaviour}` });
      expect(await builder.exit, builder.output()).toBe(1);
      expect(builder.output()).toMatch(/wait-for-pods +FAILED: portal .*\[PODS_FAILED\]/);
      expect(builder.output()).toMatch(`live is still ${bench().liveRelease ?? ""}`);
      expect(await bench().live()).toBe(bench().liveRelease);
      expect(bench().zone.changes).toEqual([]);
      expect(await readStored(bench())).toMatchObject({
        run: { phase: "failed", release: failed, failure: { step: "wait-for-pods", code: "PODS_FAILED" } },
      });
    });

    it("is kept to find out why, until the next run removes it and goes live", async () => {
      expect(await bench().releases()).toContain(failed);
      const next = bench().startBuilder("run");
      expect(await next.exit, next.output()).toBe(0);
      expect(await bench().releases()).not.toContain(failed);
      await expectGoodEnd(bench());
    });
  });
}

export function describeMistakes(bench: Bench): void {
  it("a bad configuration is told with all its problems, exits with 2 and touches nothing", async () => {
    const overrides = {
      HARVEST_TIMEOUT: "2 days",
      G_PROJECT: "",
      DELETE_EXISTING: "maybe",
      LEASE_DURATION: "0s",
    };
    for (const verb of ["validate", "run"]) {
      const builder = bench().startBuilder(verb, overrides);
      expect(await builder.exit, builder.output()).toBe(2);
      expect(builder.output()).toMatch("4 problems");
      for (const name of Object.keys(overrides)) expect(builder.output()).toMatch(name);
    }
    expect(await bench().releases()).toEqual([bench().liveRelease]);
    await expect(readStored(bench())).rejects.toThrow("not found");
  });
}
