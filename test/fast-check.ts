/**
 * How properties are played: always the same cases, so that a green suite stays green; others with FC_SEED, five times as
 * many with MATRIX=full. A failure names its seed and path: FC_SEED and FC_PATH play that case again (CONTRIBUTING.md).
 */
import fc from "fast-check";

export { fc };

const { FC_SEED, FC_PATH, FC_RUNS, MATRIX } = process.env;
const usualRuns = 100;

/** Whether the cases are as many as they usually are; one that is played again can't reach what all of them reach. */
export const playsAll = FC_PATH === undefined && FC_RUNS === undefined;

/** How often a property is played that is played so often usually. */
export function runs(usual: number): number {
  return FC_RUNS === undefined ? usual * (MATRIX === "full" ? 5 : 1) : Number(FC_RUNS);
}

fc.configureGlobal({
  seed: FC_SEED === undefined ? 20_261_122 : Number(FC_SEED),
  numRuns: runs(usualRuns),
  ...(FC_PATH === undefined ? {} : { path: FC_PATH, endOnFailure: true }),
});
