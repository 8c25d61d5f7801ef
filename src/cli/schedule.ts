/** `schedule`: runs `run` by a cron schedule, where no CronJob does it. */
import { once } from "node:events";
import cron from "node-cron";
import { systemClock } from "../compose.ts";
import { duration } from "../domain/words.ts";
import { ConfigError, type Ending, type ExitCode, exitCodeOf, exitCodes } from "../errors.ts";
import { rebuild } from "../operate/rebuild.ts";
import type { Clock } from "../pipeline/clock.ts";
import { printError } from "../print-error.ts";
import { inWorld, settingsOf, type VerbContext } from "./verb.ts";

/** The original's CronJob: Sundays at noon. */
const defaultSchedule = "0 12 * * SUN";
const resumeAfterMs = 60_000;

/** Runs until it is told to stop. Throws ConfigError for a schedule or settings that can't be right. */
export async function schedule(context: VerbContext): Promise<Ending> {
  const { args, options, stdout } = context;
  const expression = args[0] ?? defaultSchedule;
  const timezone = typeof options["timeZone"] === "string" ? options["timeZone"] : "UTC";
  const mistake = (where: string, what: string) => new ConfigError([{ where, what }]);
  if (!cron.validate(expression))
    throw mistake("schedule", `"${expression}" is not a cron expression; write "${defaultSchedule}"`);
  if (!isTimeZone(timezone)) throw mistake("--time-zone", `"${timezone}" is unknown; write Europe/London`);
  await settingsOf(context, "all"); // a mistake is reported now, not on Sunday
  const code = await runBySchedule(
    { expression, timezone },
    async () => {
      try {
        return (await inWorld(context, "all", rebuild)).code;
      } catch (error) {
        printError(error, stdout);
        return exitCodeOf(error);
      }
    },
    context,
  );
  return { code, outcome: "stopped" };
}

interface Outside extends Pick<VerbContext, "signal" | "stdout"> {
  /** The system's, where none is given. */
  clock?: Pick<Clock, "sleep">;
}

/**
 * Rebuilds at every slot, one at a time, until the signal ends it; returns how the rebuild ended that the signal met (0: none).
 * What was interrupted (75) is taken up again a minute later; slots that the machine slept through are made up for once.
 */
export async function runBySchedule(
  slots: { expression: string; timezone: string },
  rebuildOnce: () => Promise<ExitCode>,
  outside: Outside,
): Promise<ExitCode> {
  const { signal, stdout, clock = systemClock } = outside;
  const { expression, timezone } = slots;
  let atWork: Promise<ExitCode> | undefined;
  const work = () => (atWork ??= rebuildToItsEnd().finally(() => (atWork = undefined)));
  const rebuildToItsEnd = async () => {
    let code: ExitCode;
    while ((code = await rebuildOnce()) === exitCodes.interrupted && !signal.aborted) {
      stdout(`interrupted; going on in ${duration(resumeAfterMs)}\n`);
      await clock.sleep(resumeAfterMs, signal).catch(() => undefined);
    }
    if (!signal.aborted) stdout(`run ended with exit code ${code}; next: ${nextRun()}\n`);
    return code;
  };
  const task = cron.schedule(expression, work, { timezone });
  const nextRun = () => task.getNextRun()?.toISOString() ?? "never";
  task.on("execution:missed", () => {
    stdout("missed a scheduled run; starting it now\n");
    void work();
  });
  stdout(`waiting for "${expression}" (${timezone}); next: ${nextRun()}\n`);
  await once(signal, "abort");
  await task.destroy();
  return (await atWork) ?? exitCodes.done;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
