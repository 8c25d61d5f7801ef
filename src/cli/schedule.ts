/** `schedule`: runs `run` by a cron schedule, where no CronJob does it. */
import { once } from "node:events";
import cron from "node-cron";
import { ConfigError } from "../errors.ts";
import { rebuild } from "../operate/rebuild.ts";
import { printError } from "../print-error.ts";
import { inWorld, settingsOf, type VerbContext } from "./verb.ts";

/** The original's CronJob: Sundays at noon. */
const defaultSchedule = "0 12 * * SUN";

/** Runs until it is told to stop. Throws ConfigError for a schedule or settings that can't be right. */
export async function schedule(context: VerbContext): Promise<void> {
  const { args, options, signal, stdout } = context;
  const expression = args[0] ?? defaultSchedule;
  const timezone = typeof options["timeZone"] === "string" ? options["timeZone"] : "UTC";
  const mistake = (where: string, what: string) => new ConfigError([{ where, what }]);
  if (!cron.validate(expression))
    throw mistake("schedule", `"${expression}" is not a cron expression; write "${defaultSchedule}"`);
  if (!isTimeZone(timezone)) throw mistake("--time-zone", `"${timezone}" is unknown; write Europe/London`);
  settingsOf(context, "all"); // a mistake is reported now, not on Sunday
  const task = cron.schedule(
    expression,
    async () => {
      try {
        const { code } = await inWorld(context, "all", rebuild);
        stdout(`run ended with exit code ${code}; next: ${nextRun()}\n`);
      } catch (error) {
        printError(error, stdout);
      }
    },
    { timezone, noOverlap: true },
  );
  const nextRun = () => task.getNextRun()?.toISOString() ?? "never";
  stdout(`waiting for "${expression}" (${timezone}); next: ${nextRun()}\n`);
  await once(signal, "abort");
  await task.destroy();
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
