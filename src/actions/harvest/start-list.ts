/** Starts a job list exactly once per database; the call itself is not idempotent: it starts the list over. */
import { wasStarted } from "../../domain/harvest-progress.ts";
import type { HarvestList } from "../../domain/harvest.ts";
import { TransientError } from "../../errors.ts";
import { timestamp } from "../../pipeline/clock.ts";
import type { Follower } from "./follower.ts";

/** How long an unanswered call may take to show in the list before it counts as lost. */
const arrivalMs = 5_000;

/**
 * Starts the list unless it was started before, as the harvester itself says. The intent is written before the call:
 * whatever happens to the answer, the list's `nextRun` tells whether the call arrived.
 */
export async function ensureListStarted(follower: Follower): Promise<HarvestList> {
  const { run, name } = follower;
  const { log, clock, signal } = run;
  let list: HarvestList | undefined = await follower.requireList();
  const { intentAt, startedAt, pod } = follower.state;
  if (!wasStarted(list) && intentAt !== undefined && startedAt === undefined) {
    // An earlier builder was about to call: its call may still be on its way, and a second one starts the list over.
    await clock.sleep(arrivalMs, signal);
    list = await follower.requireList();
  }
  if (wasStarted(list)) {
    if (startedAt !== undefined) return list;
    if (intentAt === undefined) log.warn({}, `somebody else had started list ${name}; following it`);
    await follower.save({
      startedAt: intentAt ?? timestamp(clock),
      jobs: list.jobs.length,
      pod: pod ?? (await follower.pod()),
    });
    return list;
  }
  if (startedAt !== undefined) throw follower.databaseLost("the list is there but was never started");
  // The pod as it is before the call: one that dies right after it is noticed whatever happens to this builder.
  await follower.save({ intentAt: timestamp(clock), jobs: list.jobs.length, pod: await follower.pod() });
  const unanswered = await sendStart(follower, `list ${name}`, () =>
    run.ports.harvester.startList(run.state.release, name),
  );
  // What the list says counts, not what was answered: a proxy in between may say anything.
  list = unanswered ? undefined : await run.ports.harvester.findList(run.state.release, name);
  if (!list || !wasStarted(list)) {
    await clock.sleep(arrivalMs, signal);
    list = await follower.requireList();
  }
  // Not started after all: the step is run again, sees so, and calls again.
  if (!wasStarted(list)) throw unanswered ?? neverArrived(name);
  await follower.save({ startedAt: timestamp(clock) });
  log.info({}, `started list ${name} "${list.description}": ${list.jobs.length} jobs`);
  return list;
}

/** Sends a start that can't be repeated; returns the outage where it was not answered: the harvester tells what arrived. */
export async function sendStart(
  { run: { log, signal } }: Follower,
  what: string,
  start: () => Promise<void>,
): Promise<TransientError | undefined> {
  try {
    await start();
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TransientError)) throw error;
    log.warn({ code: error.code }, `no answer to starting ${what}; checking whether it has started`);
    return error;
  }
}

function neverArrived(name: string): TransientError {
  const message = `the harvester agreed to start list ${name}, but has not started it`;
  return new TransientError("the harvester", message);
}
