/** The end of a run, or of this builder's part in it: phase, history, last lines, Event, webhook; for every ending. */
import { addRecords, addTimings } from "../domain/harvest-progress.ts";
import { jobNames } from "../domain/job-names.ts";
import { pastRunOf, addPastRun } from "../domain/past-run.ts";
import type { Attachments } from "../domain/attachments.ts";
import { type FinalPhase, phaseText, type RunState } from "../domain/run.ts";
import { duration, joined } from "../domain/words.ts";
import {
  AbortedError,
  BuilderError,
  CheckpointError,
  type Ending,
  exitCodeOf,
  exitCodes,
  messageOf,
} from "../errors.ts";
import { timestamp } from "../pipeline/clock.ts";
import type { Run } from "../pipeline/run.ts";
import { gatherEvidence } from "./describe-release.ts";
import { failureOf } from "./failure.ts";
import { failureLines, interruptedLines, successLines, visitorsSee } from "./last-lines.ts";

/** How long the last writes of an interrupted builder may take: it has 10 s from SIGTERM to exit. */
const lastWritesMs = 3_000;
const finalWritesMs = 60_000;
/** How long a run may be interrupted again and again before people are told. */
const stuckAfterMs = 2 * 3_600_000;

/** Ends the run as the error says that stopped it (none: it succeeded). Throws the error again when it is a bug or nothing may be written. */
export async function endRun(run: Run, error: unknown): Promise<Ending> {
  if (error === undefined) {
    const final = await finishRun(run, "succeeded");
    const lines = await successLines(final);
    run.at("live").log.info({}, joined(lines));
    return { code: exitCodes.done, outcome: `live: ${lines[0] ?? ""}` };
  }
  const isBug = !(error instanceof BuilderError);
  if (isBug || error instanceof CheckpointError) {
    if (isBug) await finishRun(run, "failed", error).catch(() => undefined);
    run.world.log().warn({}, await visitorsSee(run));
    throw error as Error;
  }
  if (exitCodeOf(error) === exitCodes.interrupted) return suspendRun(run, error);
  const final = await finishRun(run, phaseOf(error), error);
  const lines = await failureLines(final, error);
  run.at(run.state.failure?.step ?? run.stepName).log.error({ code: error.code }, joined(lines));
  return endingOf(error);
}

function endingOf(error: BuilderError): Ending {
  return { code: exitCodeOf(error), outcome: `${error.summary} [${error.code}]` };
}

function phaseOf(error: BuilderError): FinalPhase {
  if (error instanceof AbortedError) return "aborted";
  return error.code.startsWith("ROLLED_BACK") ? "rolled-back" : "failed";
}

/**
 * Closes a run for good and tells of it; returns the run with a signal that lets its end be written, whatever stopped it.
 * The Event and the webhook say the same whoever sends them: they are made of what is stored.
 */
export async function finishRun(run: Run, phase: FinalPhase, error?: unknown): Promise<Run> {
  const final = run.at(run.stepName, { signal: AbortSignal.timeout(finalWritesMs) });
  const failure = error === undefined ? final.state.failure : failureOf(final, error);
  const finishedAt = final.state.finishedAt ?? timestamp(final.clock);
  const ended = { phase, finishedAt, ...(failure && { failure }) };
  const attachments = await keptOf(final, { ...final.state, ...ended });
  await final.close(ended, attachments);
  await announceEnd(final);
  return final;
}

async function keptOf(run: Run, ended: RunState): Promise<Partial<Attachments>> {
  const { attachments } = run;
  const { jobs } = attachments;
  const isGood = ended.phase === "succeeded";
  const document = await run.document().catch(() => undefined);
  const past = pastRunOf(ended, jobs, jobNames(document, run.world.redact));
  return {
    past: addPastRun(attachments.past, past),
    ...(isGood
      ? {
          timings: addTimings(new Map(attachments.timings), jobs),
          records: addRecords(attachments.records, jobs),
        }
      : { evidence: await gatherEvidence(run) }),
  };
}

/** Gives the previous run its place back when this one ended before it installed anything. Never fails. */
export async function giveWay(run: Run): Promise<void> {
  try {
    await run.at(run.stepName, { signal: AbortSignal.timeout(finalWritesMs) }).giveWay();
  } catch (error) {
    run.log.warn(
      {},
      `the previous run is not back in its place yet (${messageOf(error)}); the next builder puts it back`,
    );
  }
}

/** Says how the run ended, in the words of what is stored. Never fails. */
export async function announceEnd(run: Run): Promise<void> {
  const { phase, release, failure, environment, runId } = run.state;
  const event =
    phase === "succeeded" ? "live" : phase === "aborted" || phase === "rolled-back" ? phase : "failed";
  const text =
    event === "live"
      ? `${release} is live`
      : `${release}: ${environment} rebuild ${runId} ${phaseText(phase)}${failure ? `: ${failure.message}` : ""}`;
  const reason = event.replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
  try {
    await run.announce(event === "live" ? "Normal" : "Warning", reason, text);
    await run.notify(event, text);
  } catch (error) {
    run.log.warn({}, `could not announce the outcome: ${messageOf(error)}`);
  }
}

/** A builder that lost the Lease writes nothing more; any other says that the run can go on. */
async function suspendRun(run: Run, error: BuilderError): Promise<Ending> {
  run.world.log().warn({ code: error.code }, joined(await interruptedLines(run, error, lastWritesMs)));
  if (error.code !== "LEASE_LOST") {
    const last = run.at(run.stepName, { signal: AbortSignal.timeout(lastWritesMs) });
    const stuckSince = sinceWhenStuck(run, error);
    try {
      await last.save({ phase: "interrupted", stuckSince });
      await tellStuck(last, error);
    } catch (failure) {
      const what = `could not save that the run was interrupted (${messageOf(failure)})`;
      run.log.warn({}, `${what}; the next builder finds out by itself`);
    }
  }
  return endingOf(error);
}

/**
 * Since when builders have been interrupted one after the other. One that has worked for longer than it takes to give up has
 * got further; one that was asked to stop says nothing.
 */
function sinceWhenStuck({ state, clock, settings }: Run, error: BuilderError): string | undefined {
  if (error.code === "STOPPED") return state.stuckSince;
  const begun = state.builders.at(-1)?.since ?? state.startedAt;
  // A step may wait this long in vain: an outage on either side of helm's call, a deletion, pods, a Change.
  const { retryTimeoutMs, podsTimeoutMs, deleteTimeoutMs, dns } = settings;
  const giveUpMs = 2 * (retryTimeoutMs + podsTimeoutMs) + deleteTimeoutMs + dns.timeoutMs;
  const isWorking = clock.now() - Date.parse(begun) > giveUpMs;
  return isWorking ? timestamp(clock) : (state.stuckSince ?? begun);
}

async function tellStuck(run: Run, error: BuilderError): Promise<void> {
  const { stuckSince, release, environment, runId } = run.state;
  const forMs = stuckSince === undefined ? 0 : run.clock.now() - Date.parse(stuckSince);
  if (forMs <= stuckAfterMs) return;
  const what = `${environment} rebuild ${runId} has made no progress for ${duration(forMs)}: ${error.message}`;
  await run.notify("stuck", `${release}: ${what}`);
}
