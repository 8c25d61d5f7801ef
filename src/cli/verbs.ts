/** The table of verbs: a row here is all it takes to be in the usage, the suggestions and the help. */
import { ConfigError, type Ending, exitCodes } from "../errors.ts";
import { type Answer, inWorld, print, type Verb, type VerbContext } from "./verb.ts";

type OptionRow = readonly [flags: string, description: string, choices?: readonly string[]];

export interface VerbRow {
  name: string;
  /** Arguments as commander writes them: `[cron]`. */
  arguments?: string;
  summary: string;
  /** The name alone if left out. */
  example?: string;
  options?: readonly OptionRow[];
  /** What it prints is an answer: the log goes to standard error, as it does with `-o json`. */
  answers?: boolean;
  /** Loads what it needs only when it is run, so that help and usage are printed at once. */
  run: Verb;
}

const maxReason = 300;

const output: OptionRow = ["-o, --output <format>", "print JSON, for programs", ["json"]];

function say(context: VerbContext, answer: Answer): Ending {
  print(context, answer);
  return { code: exitCodes.done, outcome: answer.lines.at(-1) ?? "" };
}

/** What `--accept` was given. Throws ConfigError for one without a reason: who looks at it later wants to know. */
function reasonOf(given: unknown): string | undefined {
  if (typeof given !== "string") return undefined;
  const reason = given.trim().replaceAll(/\s+/g, " ").slice(0, maxReason);
  if (reason !== "") return reason;
  throw new ConfigError(
    [{ where: "--accept", what: 'needs a reason, as in --accept "photographs moved"' }],
    "USAGE",
  );
}

export const verbs: readonly VerbRow[] = [
  {
    name: "run",
    summary: "rebuild and put live; resumes an unfinished run, or names the builder at work (default)",
    async run(context) {
      const { rebuild } = await import("../operate/rebuild.ts");
      return inWorld(context, "all", rebuild);
    },
  },
  {
    name: "status",
    summary: "what is live, and how far the run is",
    example: "powo-builder status --watch",
    options: [["-w, --watch", "refresh until the run is over"], output],
    answers: true,
    async run(context) {
      const { showStatus } = await import("./status.ts");
      await inWorld(context, "state", (world) => showStatus(world, context));
    },
  },
  {
    name: "plan",
    summary: "what run would do now: chart, images, data, DNS, deletions; changes nothing",
    options: [output],
    answers: true,
    async run(context) {
      const { makePlan, planLines } = await import("../operate/plan.ts");
      const plan = await inWorld(context, "all", makePlan);
      print(context, { document: plan, lines: planLines(plan) });
    },
  },
  {
    name: "history",
    arguments: "[run]",
    summary: "the last runs and how they ended, or all about one of them",
    example: "powo-builder history prod-20261122-1200",
    options: [output],
    answers: true,
    async run(context) {
      const { readHistory } = await import("../operate/history.ts");
      const [wanted] = context.args;
      print(context, await inWorld(context, "state", (world, signal) => readHistory(world, wanted, signal)));
    },
  },
  {
    name: "report",
    arguments: "[run]",
    summary: "one self-contained HTML page of a run, the last one if left out",
    example: "powo-builder report --output report.html",
    options: [
      ["--output <file>", "the file to write; standard output if left out"],
      ["-o <format>", "write the data as JSON instead of the page", ["json"]],
    ],
    answers: true,
    async run(context) {
      const { writeReport } = await import("./write-report.ts");
      await inWorld(context, "state", (world) => writeReport(world, context));
    },
  },
  {
    name: "approve",
    summary: "let a run that waits for approval go live",
    example: "powo-builder approve --by ada",
    options: [["--by <name>", "who approves; the Job's name or the user if left out"]],
    async run(context) {
      const { approveRun, operatorOf } = await import("../operate/approve-run.ts");
      const by = operatorOf(context.options["by"], context.env["JOB_NAME"]);
      const approved = await inWorld(context, "state", (world, signal) => approveRun(world, by, signal));
      return say(context, { lines: [approved] });
    },
  },
  {
    name: "retry",
    summary: "reopen the last run where it failed, without a new harvest",
    example: 'powo-builder retry --accept "photographs moved" --by ada',
    options: [
      ["--accept <reason>", "accept exactly the result that was rejected; recorded with name and reason"],
      ["--by <name>", "who retries; the Job's name or the user if left out"],
    ],
    async run(context) {
      const { retryRun } = await import("../operate/retry-run.ts");
      const { operatorOf } = await import("../operate/approve-run.ts");
      const accept = reasonOf(context.options["accept"]);
      const by = operatorOf(context.options["by"], context.env["JOB_NAME"]);
      return inWorld(context, "all", (world, signal) => retryRun(world, { by, accept }, signal));
    },
  },
  {
    name: "rollback",
    summary: "point the public names back at the release that was live before",
    async run(context) {
      const { rollBack } = await import("../operate/roll-back.ts");
      return say(context, { lines: [await inWorld(context, "all", rollBack)] });
    },
  },
  {
    name: "cleanup",
    summary: "remove failed builds, expired retained releases, and half-deleted namespaces",
    options: [output],
    async run(context) {
      const { cleanUp } = await import("../operate/clean-up.ts");
      const removed = await inWorld(context, "all", cleanUp);
      const outcome = removed.length > 0 ? `removed ${removed.join(", ")}` : "nothing was removed";
      return say(context, { document: { removed }, lines: [outcome] });
    },
  },
  {
    name: "update",
    summary: "upgrade the live release to the configured chart and values, until the next rebuild",
    async run(context) {
      const { updateLive } = await import("../operate/update-live.ts");
      const lines = await inWorld(context, "all", updateLive);
      return say(context, {
        lines: [...lines, "updated; the next rebuild takes the repository's state again"],
      });
    },
  },
  {
    name: "abort",
    summary: "end a run before its swap and remove what it made; the live site stays as it is",
    async run(context) {
      const { abortRun } = await import("../operate/abort-run.ts");
      return inWorld(context, "all", abortRun);
    },
  },
  {
    name: "validate",
    summary: "check settings, credentials, permissions, zones, chart and data; touches nothing",
    example: "powo-builder validate -o json",
    options: [output],
    answers: true,
    async run(context) {
      const { validate } = await import("../operate/validate.ts");
      const { error, ...answer } = await inWorld(context, "all", validate);
      const ending = say(context, answer);
      if (error) throw error;
      return ending;
    },
  },
  {
    name: "schedule",
    arguments: "[cron]",
    summary: 'run on a cron schedule where no CronJob does it; "0 12 * * SUN" if left out',
    example: 'powo-builder schedule "0 12 * * SUN" --time-zone Europe/London',
    options: [["--time-zone <name>", "time zone of the schedule; UTC if left out"]],
    async run(context) {
      const { schedule } = await import("./schedule.ts");
      return schedule(context);
    },
  },
];
