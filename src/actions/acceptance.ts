import type { Acceptance } from "../domain/gate.ts";
import type { Run } from "../pipeline/run.ts";

/** What a person has accepted when the run was opened again, with the lines that say what it was; undefined: nothing. */
export function acceptance({ state }: Run, what: readonly string[]): Acceptance | undefined {
  const { by, at, accepts } = state.reopened?.at(-1) ?? {};
  if (!accepts || by === undefined || at === undefined) return undefined;
  return { reason: accepts.reason, by, at, what: what.map((line) => line.trim()) };
}
