/** Counts what the new site holds, and what the live one does; names the sources that lost most. */
import { areTold, type Gate, largestLosses, nameOf, type SourceLoss, taxonKinds } from "../domain/gate.ts";
import { recordsPerJob } from "../domain/harvest-progress.ts";
import { jobNames } from "../domain/job-names.ts";
import { replacedBy } from "../domain/run.ts";
import { TransientError } from "../errors.ts";
import type { Run } from "../pipeline/run.ts";
import type { SiteTarget } from "../ports/site.ts";

/** Why the counts of a portal that finds everything with each filter are worthless. */
const untold = "its search does not know the filter";

interface Counted {
  results: number;
  /** By the kind's key. */
  kinds: Map<string, number>;
  /** Why there is no number of a kind, by its key. */
  missing: Map<string, string>;
}

/** The comparison; nothing is judged yet. */
export async function compareSites(run: Run, target: SiteTarget): Promise<Gate> {
  const { minShare, minShares } = run.settings.gate;
  const found = { results: await run.ports.site.totalResults(target), ...nothing() };
  await countKinds(run, target, found);
  const [before] = replacedBy(run.state);
  const live = before === undefined ? undefined : await countLive(run, { ...target, namespace: before });
  const minOf = (amount: number, share: number) => Math.ceil(amount * share - 1e-6);
  const shareOf = (kind: string) => minShares[kind] ?? minShare;
  const kinds = [...found.kinds].map(([kind, amount]) => {
    const now = live?.kinds.get(kind);
    const least = now === undefined ? {} : { live: now, least: minOf(now, shareOf(kind)) };
    return { kind, found: amount, ...least };
  });
  // A share of 0 only compares: of that kind no number is wanted either.
  const unanswered = [...(live?.kinds ?? [])]
    .filter(([kind]) => !found.kinds.has(kind) && shareOf(kind) > 0)
    .map(([kind, amount]) => ({ kind, live: amount, why: found.missing.get(kind) ?? "" }));
  const losses = await lossesOf(run);
  return {
    results: found.results,
    ...(live && { liveResults: live.results, least: minOf(live.results, minShare) }),
    ...(kinds.length > 0 && { kinds }),
    ...(unanswered.length > 0 && { unanswered }),
    ...(losses.length > 0 && { losses }),
  };
}

const nothing = () => ({ kinds: new Map<string, number>(), missing: new Map<string, string>() });

/** Adds the kinds that the site can count. A site that is away altogether is an outage, and thrown. */
async function countKinds({ ports, signal }: Run, target: SiteTarget, counted: Counted): Promise<void> {
  const { kinds, missing, results } = counted;
  for (const { key, filter } of taxonKinds) {
    try {
      kinds.set(key, await ports.site.countTaxa(target, filter));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TransientError)) throw error;
      missing.set(key, error.message);
      await ports.site.totalResults(target);
    }
  }
  if (areTold(results, [...kinds.values()])) return;
  for (const key of kinds.keys()) missing.set(key, untold);
  kinds.clear();
}

/** An unreachable live site must not keep a good one from replacing it; what it did answer is compared. */
async function countLive(run: Run, target: SiteTarget): Promise<Counted | undefined> {
  const { site } = run.ports;
  const attempt = async <T>(question: () => Promise<T>, without: string): Promise<T | undefined> => {
    try {
      return await question();
    } catch (error) {
      run.signal.throwIfAborted();
      if (!(error instanceof TransientError)) throw error;
      const what = `can't query the live site ${target.namespace} (${error.message}); ${without}`;
      run.log.warn({ code: error.code }, what);
      return undefined;
    }
  };
  const results = await attempt(() => site.totalResults(target), "nothing to compare with");
  if (results === undefined) return undefined;
  const counted = { results, ...nothing() };
  await attempt(() => countKinds(run, target, counted), "comparing only what it answered");
  const [first, ...others] = [...counted.missing].filter(([, why]) => why !== untold);
  if (first) {
    const names = [first, ...others].map(([kind]) => nameOf(kind)).join(", ");
    run.log.warn({}, `the live site gives no number of ${names} (${first[1]}); not compared`);
  }
  return counted;
}

/** Losses are only shown to people: a failure to compute them must not end the run. */
async function lossesOf(run: Run): Promise<SourceLoss[]> {
  try {
    const { names, indexes } = jobNames(await run.document(), run.world.redact);
    const before = run.attachments.records.filter(([job]) => !indexes.has(job));
    const now = recordsPerJob(run.attachments.jobs);
    return largestLosses(before, now, (job) => (names.get(job) ?? job).replace(/^Harvest (?=\S)/, ""));
  } catch (error) {
    run.signal.throwIfAborted();
    run.log.debug({ err: error }, "can't compare with the previous run's record counts");
    return [];
  }
}
