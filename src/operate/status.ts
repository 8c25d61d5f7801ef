/** What `status` shows: the live release first, then the run. Reads only. */
import { readLive } from "../actions/read-live.ts";
import { waitsOf } from "../actions/waits.ts";
import { directUpdate, followCommand, verbCommand } from "../domain/commands.ts";
import { median } from "../domain/harvest-progress.ts";
import { expectedEnd, type History, usualMs } from "../domain/history.ts";
import { type JobNames, jobNames } from "../domain/job-names.ts";
import { retryCommand, whyNotReopen } from "../domain/reopening.ts";
import { currentStep, hasChangedDns, isOver, lastOpening, openedAt, type RunState } from "../domain/run.ts";
import { messageOf } from "../errors.ts";
import { readOnly } from "../pipeline/guard.ts";
import { type ReadState, readState } from "../pipeline/state.ts";
import { ask, taskOf, type World } from "../pipeline/world.ts";

/** What `status -o json` prints. Undefined fields are left out. */
export type Status = ReturnType<typeof statusOf>;

/** What runs call their jobs, by run: its data configuration is pinned, and need not be read again. */
export type KnownNames = Map<string, JobNames>;

interface Seen extends Pick<ReadState, "run" | "history" | "attachments"> {
  /** Releases that the public names point at; `unknown` says why they could not be found out. */
  live: { releases: string[]; unknown?: string };
  /** The builder that has the Lease. */
  holder: string | undefined;
  /** What the run calls its jobs. */
  names: JobNames;
  /** Words what to type; for people who have only kubectl, if left out. */
  command?: typeof verbCommand;
}

/** Gathers the status. Throws what reading the state throws; an unreadable DNS is part of the answer. */
export async function readStatus(world: World, signal: AbortSignal, known: KnownNames = new Map()) {
  const state = await readState(world, signal);
  const lease = await ask(world, () => world.leases.read(), signal);
  const live = await findLiveNow(world, signal);
  const names = await namesOf(world, state.run, known);
  return statusOf(world, { ...state, holder: lease?.holder, live, names });
}

/** The status as it is by what was seen. */
export function statusOf(world: World, seen: Seen) {
  const { environment } = world.settings;
  const { run, history, live } = seen;
  const [release] = live.releases;
  const good = history.runs.filter(({ phase }) => phase === "succeeded");
  const since = good.findLast((past) => live.releases.includes(past.release))?.finishedAt;
  return {
    environment,
    live: {
      ...live,
      since,
      directUpdate: release === undefined ? undefined : directUpdate(release, environment),
    },
    run: run && describeRun(world, { ...seen, run }),
    later: run && laterRun(run, history),
    history: { runs: history.runs.length, live: good.length, medianMs: usualMs(history) },
  };
}

/** The last run that ended before it installed anything: it has left its place to the run before. */
function laterRun(run: RunState, { runs }: History) {
  const last = runs.at(-1);
  if (!last || last.runId === run.runId || last.startedAt < openedAt(run)) return undefined;
  const { runId, phase, failure } = last;
  return { runId, phase, failure: failure && { code: failure.code, message: failure.message } };
}

async function findLiveNow(world: World, signal: AbortSignal): Promise<Seen["live"]> {
  if (world.settings.mappings.length === 0)
    return { releases: [], unknown: "no DNS mappings are configured" };
  try {
    const { releases } = await readLive(taskOf(world, "status", readOnly, { signal, refusals: "mistake" }));
    return { releases };
  } catch (error) {
    signal.throwIfAborted();
    return { releases: [], unknown: messageOf(error) };
  }
}

function describeRun(world: World, seen: Seen & { run: RunState }) {
  const { run, history, holder } = seen;
  const { runId, release, phase, startedAt, finishedAt, failure, steps } = run;
  const opening = lastOpening(run);
  const step = currentStep(run);
  const isEnded = isOver(phase);
  return {
    ...{ runId, release, phase, startedAt, finishedAt },
    /** When and by whom it was last opened again, and why what had been rejected is good enough. */
    reopened: opening && { at: opening.at, by: opening.by, reason: opening.accepts?.reason },
    /** When it should be over, by earlier runs, which tell nothing of a person. */
    expectedAt: isEnded || phase === "waiting-approval" ? undefined : expectedEnd(run, history),
    builder: isEnded ? undefined : holder,
    /** Until when it waits for what. */
    waits: waitsOf({ ...world, state: run }),
    commands: commandsFor(world, run, seen),
    step: step && {
      ...{ name: step.name, status: step.status, since: step.startedAt },
      ...{ position: steps.indexOf(step) + 1, of: steps.length },
    },
    harvest: describeHarvest(seen),
    failure: failure && {
      ...{ code: failure.code, message: failure.message },
      ...{ details: failure.details, hint: failure.hint },
    },
  };
}

/** What to type: to follow the builder, to approve, to end the run, to go on after an interruption or a failure. */
function commandsFor(
  { builderNamespace: namespace }: World,
  run: RunState,
  { holder, command = verbCommand }: Seen,
): Partial<Record<"follow" | "approve" | "abort" | "rollback" | "resume" | "retry", string>> {
  if (isOver(run.phase))
    return whyNotReopen(run) === undefined ? { retry: retryCommand(run, namespace) } : {};
  if (holder === undefined) return { resume: command("run", namespace, "resume-1") };
  const builder = run.builders.findLast(({ name }) => name === holder) ?? { name: holder };
  const isWaiting = run.phase === "waiting-approval";
  return {
    follow: followCommand(builder, namespace),
    ...(isWaiting && { approve: command("approve", namespace) }),
    [wayOut(run)]: command(wayOut(run), namespace),
  };
}

/** The verb that ends a run: before the swap and after it that is not the same. */
export function wayOut(run: RunState): "abort" | "rollback" {
  return hasChangedDns(run) ? "rollback" : "abort";
}

/** What the run calls its jobs, once it has any; nothing where that can't be read now. */
export async function namesOf(world: World, run: RunState | undefined, known: KnownNames): Promise<JobNames> {
  const found = run && known.get(run.runId);
  if (found || run?.harvest === undefined) return found ?? jobNames(undefined);
  const names = jobNames(
    await world.store.loadDocument(run.documentSlot ?? 1).catch(() => undefined),
    world.redact,
  );
  if (names.names.size > 0) known.set(run.runId, names);
  return names;
}

/** How the list under way gets on; jobs by their descriptions, as far as the data configuration can be read. */
function describeHarvest({ run, attachments, names: { names } }: Seen & { run: RunState }) {
  const list = run.harvest?.at(-1);
  if (list?.jobs === undefined) return undefined;
  const nameOf = (job: string) => names.get(job) ?? job;
  const { name, jobs, ended = 0, current, currentSince, records, expectedAt, slow } = list;
  const timing = attachments.timings.find(([job]) => job === current);
  const usual = median(timing?.[1] ?? []);
  return {
    ...{ list: name, jobs, ended, currentSince, records, expectedAt },
    current: current === undefined ? undefined : nameOf(current),
    currentUsualMs: usual === undefined ? undefined : usual * 1000,
    /** Jobs that took, or are taking, far longer than usual. */
    slow: slow?.map(({ identifier, usualSeconds }) => ({
      job: nameOf(identifier),
      usualMs: usualSeconds * 1000,
      running: identifier === current,
    })),
  };
}
