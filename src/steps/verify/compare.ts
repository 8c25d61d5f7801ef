/** Counts what the new site holds, and what the live one does; names the sources that lost most. */
import type { Settings } from "../../config/settings.ts";
import { areTold, type Gate, largestLosses, type SourceLoss, taxonKinds } from "../../domain/gate.ts";
import type { RunState } from "../../domain/run-state.ts";
import { PermanentError, TransientError } from "../../errors.ts";
import type { StepContext } from "../../pipeline/step.ts";
import type { Ports } from "../../ports/index.ts";
import type { SiteTarget } from "../../ports/site.ts";
import { jobRecords, pinnedJobs, recordsAttachment, unpack } from "../harvest/list-memory.ts";
import { dataAttachment } from "../load-data.ts";

interface Counted {
  results: number;
  /** By the kind's key. */
  kinds: Map<string, number>;
}

/** The comparison; nothing is judged yet. */
export async function compareSites(
  site: Ports["site"],
  settings: Settings,
  target: SiteTarget,
  { release, previous }: RunState,
  context: StepContext<RunState>,
): Promise<Gate> {
  const found = await countSite(site, target);
  const name = previous?.find((candidate) => candidate !== release);
  const live =
    name === undefined ? undefined : await countLive(site, { ...target, namespace: name }, context);
  const { minShare, minShares } = settings.gate;
  const leastOf = (amount: number, share: number) => Math.ceil(amount * share - 1e-6);
  const kinds = [...found.kinds].map(([kind, amount]) => {
    const before = live?.kinds.get(kind);
    const least =
      before === undefined ? {} : { live: before, least: leastOf(before, minShares[kind] ?? minShare) };
    return { kind, found: amount, ...least };
  });
  const losses = lossesOf(context);
  return {
    results: found.results,
    ...(live ? { liveResults: live.results, least: leastOf(live.results, minShare) } : {}),
    ...(kinds.length > 0 ? { kinds } : {}),
    ...(losses.length > 0 ? { losses } : {}),
  };
}

async function countSite(site: Ports["site"], target: SiteTarget): Promise<Counted> {
  const results = await site.totalResults(target);
  return { results, kinds: await countKinds(site, target, results) };
}

async function countKinds(
  site: Ports["site"],
  target: SiteTarget,
  results: number,
): Promise<Counted["kinds"]> {
  const kinds = new Map<string, number>();
  for (const { key, filter } of taxonKinds) {
    const found = await site.countTaxa(target, filter);
    if (found !== undefined) kinds.set(key, found);
  }
  return areTold(results, [...kinds.values()]) ? kinds : new Map<string, number>();
}

/** A live site that can't be asked must not keep a good one from replacing it; what it did answer is compared. */
async function countLive(
  site: Ports["site"],
  target: SiteTarget,
  { log, signal }: StepContext<RunState>,
): Promise<Counted | undefined> {
  const ask = async <T>(question: () => Promise<T>, without: string): Promise<T | undefined> => {
    try {
      return await question();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TransientError || error instanceof PermanentError)) throw error;
      const text = `the live site ${target.namespace} can't be asked (${error.message}); ${without}`;
      log.warn({ code: error.code }, text);
      return undefined;
    }
  };
  const results = await ask(() => site.totalResults(target), "nothing to compare with");
  if (results === undefined) return undefined;
  const kinds = await ask(() => countKinds(site, target, results), "comparing all results only");
  return { results, kinds: kinds ?? new Map<string, number>() };
}

/** What is only told to people must not end the run: without the records of an earlier run there are no losses. */
function lossesOf(context: StepContext<RunState>): SourceLoss[] {
  try {
    const before = unpack(context.attachment(recordsAttachment)) as Record<string, number>;
    const { names, indexes } = jobNames(context.attachment(dataAttachment));
    const told = Object.entries(before).filter(([job]) => !indexes.has(job));
    const now = jobRecords(context);
    return largestLosses(Object.fromEntries(told), now, (job) => names.get(job) ?? job);
  } catch (error) {
    context.log.debug({ err: error }, "the records of the run before can't be read");
    return [];
  }
}

/** What the pinned data configuration calls its jobs, and which of them read no source. */
function jobNames(document: Uint8Array | undefined): { names: Map<string, string>; indexes: Set<string> } {
  const names = new Map<string, string>();
  const indexes = new Set<string>();
  for (const { identifier, description, jobName } of pinnedJobs(document).jobConfigurations) {
    if (description) names.set(identifier, description.replace(/^Harvest (?=\S)/, ""));
    if (jobName === "ReIndex") indexes.add(identifier);
  }
  return { names, indexes };
}
