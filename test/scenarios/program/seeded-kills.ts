/** The real program with the real helm, killed at lines of its log that a seed picks, until one builder is let go on. */
import { expect, it } from "vitest";
import { Random } from "../../sandbox/kubernetes/random.ts";
import { isFull, matrixSeed } from "../matrix.ts";
import type { Bench } from "./bench.ts";
import { expectGoodEnd } from "./kill-and-resume.ts";

const kills = 4;
/** A whole run says about so many lines; a builder that says less before it ends has made it. */
const mostLines = 24;
const seeds = Array.from({ length: isFull ? 6 : 1 }, (_, index) => matrixSeed * 100 + index);

/** Of one seed again: `npx vitest run test/scenarios/program/seeded-kills -t "seed 103"`, with its MATRIX_SEED. */
export function describeSeededKills(bench: Bench): void {
  it.each(seeds)("ends in one good release, killed by seed %d", async (seed) => {
    const random = new Random(seed);
    const world = bench();
    const places: number[] = [];
    for (let count = 0; count < kills; count += 1) {
      const place = 1 + random.below(mostLines);
      places.push(place);
      let lines = 0;
      const builder = world.startBuilder("run", { JOB_NAME: `job-${seed}` }, () => {
        lines += 1;
        if (lines === place) builder.kill();
      });
      const end = await builder.exit;
      if (end === 0) break;
      expect(end, builder.output()).toBe("SIGKILL");
    }
    const last = world.startBuilder("run", { JOB_NAME: `job-${seed}` });
    expect(await last.exit, `killed at lines ${places.join(", ")}\n${last.output()}`).toBe(0);
    await expectGoodEnd(world);
  });
}
