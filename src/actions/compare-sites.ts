/** Counts what the new site holds, and what the live one does; names the sources that lost most. */
import { areTold, type Gate, largestLosses, type SourceLoss, taxonKinds } from "../domain/gate.ts";
import { recordsPerJob } from "../domain/harvest-progress.ts";
import { jobNames } from "../domain/job-names.ts";
import { replacedBy } from "../domain/run.ts";
import { TransientError } from "../errors.ts";
import type { Run } from "../pipeline/run.ts";
import type { Site, SiteTarget } from "../ports/site.ts";

interface Counted {
  results: number;
  /** By the kind's key. */
  kinds: Map<string, number>;
}

/** The comparison; nothing is judged yet. */
export async function compareSites(run: Run, target: SiteTarget): Promise<Gate> {
  const { minShare, minShares } = run.settings.gate;
  const found = await countSite(run, target);
  const [before] = replacedBy(run.state);
  const live = before === undefined ? undefined : await countLive(run, { ...target, namespace: before });
  const leastOf = (amount: number, share: number) => Math.ceil(amount * share - 1e-6);
  const kinds = [...found.kinds].map(([kind, amount]) => {
    const now = live?.kinds.get(kind);
    const least = now === undefined ? {} : { live: now, least: leastOf(now, minShares[kind] ?? minShare) };
    return { kind, found: amount, ...least };
  });
  const losses = await lossesOf(run);
  return {
    results: found.results,
    ...(live && { liveResults: live.results, least: leastOf(live.results, minShare) }),
    ...(kinds.length > 0 && { kinds }),
    ...(losses.length > 0 && { losses }),
  };
}

async function countSite({ ports: { site } }: Run, target: SiteTarget): Promise<Counted> {
  const results = await site.totalResults(target);
  return { results, kinds: await countKinds(site, target, results) };
}

async function countKinds(site: Site, target: SiteTarget, results: number): Promise<Counted["kinds"]> {
  const kinds = new Map<string, number>();
  for (const { key, filter } of taxonKinds) kinds.set(key, await site.countTaxa(target, filter));
  return areTold(results, [...kinds.values()]) ? kinds : new Map<string, number>();
}

/** A live site that can't be asked must not keep a good one from replacing it; what it did answer is compared. */
async function countLive(run: Run, target: SiteTarget): Promise<Counted | undefined> {
  const { site } = run.ports;
  const attempt = async <T>(question: () => Promise<T>, without: string): Promise<T | undefined> => {
    try {
      return await question();
    } catch (error) {
      run.signal.throwIfAborted();
      if (!(error instanceof TransientError)) throw error;
      const what = `the live site ${target.namespace} can't be asked (${error.message}); ${without}`;
      run.log.warn({ code: error.code }, what);
      return undefined;
    }
  };
  const results = await attempt(() => site.totalResults(target), "nothing to compare with");
  if (results === undefined) return undefined;
  const kinds = await attempt(() => countKinds(site, target, results), "comparing all results only");
  return { results, kinds: kinds ?? new Map<string, number>() };
}

/** What is only shown to people must not end the run: without the records of an earlier run there are no losses. */
async function lossesOf(run: Run): Promise<SourceLoss[]> {
  try {
    const { names, indexes } = jobNames(await run.document());
    const before = run.attachments.records.filter(([job]) => !indexes.has(job));
    const now = recordsPerJob(run.attachments.jobs);
    return largestLosses(before, now, (job) => (names.get(job) ?? job).replace(/^Harvest (?=\S)/, ""));
  } catch (error) {
    run.signal.throwIfAborted();
    run.log.debug({ err: error }, "the records of the run before can't be compared");
    return [];
  }
}
