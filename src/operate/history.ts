/** `history`: the last runs, or one of them with what was seen of it when it failed. */
import type { HistoryEntry } from "../domain/history.ts";
import { ConfigError } from "../errors.ts";
import { readState } from "../pipeline/state.ts";
import type { World } from "../pipeline/world.ts";
import { details, overview } from "./history-lines.ts";

/** Throws ConfigError USAGE for a run that is not among the last ones. */
export async function readHistory(
  world: World,
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<{ document: { runs: HistoryEntry[] }; lines: string[] }> {
  const { history, attachments } = await readState(world, signal);
  if (wanted === undefined) return { document: { runs: history.runs }, lines: overview(history.runs) };
  const run = history.runs.find(({ runId }) => runId === wanted);
  if (!run) {
    const what = "is not among the last runs; see powo-builder history";
    throw new ConfigError([{ where: wanted, what }], "USAGE");
  }
  const evidence = attachments.evidence.find(({ release }) => release === run.release);
  const found = evidence ? { ...run, evidence } : run;
  return { document: { runs: [found] }, lines: details(found) };
}
