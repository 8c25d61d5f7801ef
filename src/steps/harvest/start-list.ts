/** Starts a job list exactly once per database; the call itself is not idempotent (facts.md, 5). */
import type { HarvestList } from "../../domain/harvest.ts";
import { wasStarted } from "../../domain/harvest-progress.ts";
import { PermanentError, TransientError } from "../../errors.ts";
import type { RunState } from "../../domain/run-state.ts";
import type { StepContext } from "../../pipeline/step.ts";
import type { Ports } from "../../ports/index.ts";
import type { ListMemory } from "./list-memory.ts";
import { harvesterPod } from "./harvester-pod.ts";

/** How long an unanswered call may take to show in the list before it counts as lost. */
const arrivalMs = 5_000;

/**
 * Starts the list unless it was started before, as the harvester itself says. The intent is written before the call,
 * with the `nextRun` of that moment: whatever happens to the answer, the list tells whether the call arrived.
 */
export async function ensureListStarted(
  { harvester, cluster }: Pick<Ports, "harvester" | "cluster">,
  release: string,
  memory: ListMemory,
  context: StepContext<RunState>,
): Promise<HarvestList> {
  const { log, clock, signal } = context;
  const now = () => new Date(clock.now()).toISOString();
  let list: HarvestList | undefined = await requireList(harvester, release, memory.name);
  const { intentAt, startedAt } = memory.get();
  if (!wasStarted(list) && intentAt !== undefined && startedAt === undefined) {
    // An earlier builder was about to call: its call may still be on its way, and a second one starts the list over.
    await clock.sleep(arrivalMs, signal);
    list = await requireList(harvester, release, memory.name);
  }
  if (wasStarted(list)) {
    if (startedAt === undefined) {
      if (intentAt === undefined)
        log.warn({}, `list ${memory.name} had been started by somebody else; following it`);
      await memory.save({
        startedAt: intentAt ?? now(),
        jobs: list.jobs.length,
        pod: memory.get().pod ?? (await harvesterPod(cluster, release)),
      });
    }
    return list;
  }
  if (startedAt !== undefined)
    throw databaseLost(release, memory.name, "the list is there but was never started");
  // The pod as it is before the call: one that dies right after it is noticed whatever happens to this builder.
  await memory.save({ intentAt: now(), jobs: list.jobs.length, pod: await harvesterPod(cluster, release) });
  const unanswered = await callStart(harvester, release, memory.name, context);
  // What the list says counts, not what was answered: a proxy in between may say anything.
  list = unanswered ? undefined : await harvester.findList(release, memory.name);
  if (!list || !wasStarted(list)) {
    await clock.sleep(arrivalMs, signal);
    list = await requireList(harvester, release, memory.name);
  }
  // Not started after all: the step is run again, sees so, and calls again.
  if (!wasStarted(list)) throw unanswered ?? neverArrived(memory.name);
  await memory.save({ startedAt: now() });
  log.info({}, `started list ${memory.name} "${list.description}": ${list.jobs.length} jobs`);
  return list;
}

/** The outage where nothing was answered. */
async function callStart(
  harvester: Ports["harvester"],
  release: string,
  name: string,
  { log, signal }: StepContext<RunState>,
): Promise<TransientError | undefined> {
  try {
    await harvester.startList(release, name);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TransientError)) throw error;
    const text = `the start of list ${name} was not answered; looking whether it arrived`;
    log.warn({ code: error.code }, text);
    return error;
  }
}

function neverArrived(name: string): TransientError {
  const text = `the start of list ${name} was answered well, but the list has not been started`;
  return new TransientError("the harvester", text);
}

async function requireList(
  harvester: Ports["harvester"],
  release: string,
  name: string,
): Promise<HarvestList> {
  const list = await harvester.findList(release, name);
  if (!list) throw databaseLost(release, name, "the harvester knows no such list");
  return list;
}

/** The error for a database that no longer holds what was loaded. */
export function databaseLost(release: string, name: string, seen: string): PermanentError {
  return new PermanentError("DATABASE_LOST", `the database of ${release} was lost: list ${name}: ${seen}`, {
    hint: `look:  kubectl get pods,pvc -n ${release}; kubectl logs -n ${release} deploy/db`,
  });
}
