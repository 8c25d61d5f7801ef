/** The table of verbs: a row here is all it takes to be in the usage, the suggestions and the help. */
import type { Verb } from "./verb.ts";

export type OptionRow = readonly [flags: string, description: string, choices?: readonly string[]];

export interface VerbRow {
  name: string;
  /** Arguments as commander writes them: `[cron]`. */
  arguments?: string;
  /** The words that the argument may be. */
  argumentChoices?: readonly string[];
  summary: string;
  example: string;
  options: readonly OptionRow[];
  /** What it prints is an answer: the log goes to standard error, as it does with `-o json`. */
  answers?: boolean;
  /** Loads the module only when the verb is run, so that help and usage are told at once. */
  load: () => Promise<{ verb: Verb }>;
}

const output: OptionRow = ["-o, --output <format>", "json: for programs", ["json"]];

export const verbs: readonly VerbRow[] = [
  {
    name: "run",
    summary: "rebuild and put live; resumes an unfinished run, or says who is at it (default)",
    example: "powo-builder run",
    options: [],
    load: () => import("./run.ts"),
  },
  {
    name: "status",
    summary: "what is live, and how the run gets on",
    example: "powo-builder status --watch",
    options: [["-w, --watch", "until the run is over"], output],
    answers: true,
    load: () => import("./status.ts"),
  },
  {
    name: "plan",
    summary: "what run would do now: chart, images, data, DNS, deletions; changes nothing",
    example: "powo-builder plan",
    options: [output],
    answers: true,
    load: () => import("./plan.ts"),
  },
  {
    name: "history",
    arguments: "[run]",
    summary: "the last runs and how they ended, or all about one of them",
    example: "powo-builder history prod-20261122-1200",
    options: [output],
    answers: true,
    load: () => import("./history.ts"),
  },
  {
    name: "report",
    arguments: "[run]",
    summary: "one self-contained HTML page of a run, the last one if left out",
    example: "powo-builder report --output report.html",
    options: [
      ["--output <file>", "write it there; to standard output if left out"],
      ["-o <format>", "json: the data instead of the page", ["json"]],
    ],
    answers: true,
    load: () => import("./report.ts"),
  },
  {
    name: "approve",
    summary: "let a run go live that waits for a person's word",
    example: "powo-builder approve --by ada",
    options: [["--by <name>", "who approves; the Job's name or the user if left out"]],
    load: () => import("./approve.ts"),
  },
  {
    name: "rollback",
    summary: "point the public names back at the release that was live before",
    example: "powo-builder rollback",
    options: [],
    load: () => import("./rollback.ts"),
  },
  {
    name: "cleanup",
    summary: "remove failed builds, what was kept past its time, and half-deleted namespaces",
    example: "powo-builder cleanup",
    options: [output],
    load: () => import("./cleanup.ts"),
  },
  {
    name: "update",
    summary: "upgrade the live release to the configured chart and values, until the next rebuild",
    example: "powo-builder update",
    options: [],
    load: () => import("./update.ts"),
  },
  {
    name: "abort",
    summary: "end a run before its swap and remove what it made; the live site stays as it is",
    example: "powo-builder abort",
    options: [],
    load: () => import("./abort.ts"),
  },
  {
    name: "validate",
    summary: "check settings, credentials, permissions, zones, chart and data; touches nothing",
    example: "powo-builder validate -o json",
    options: [output],
    answers: true,
    load: () => import("./validate.ts"),
  },
  {
    name: "schedule",
    arguments: "[cron]",
    summary: 'run on a cron schedule where no CronJob does it; "0 12 * * SUN" if left out',
    example: 'powo-builder schedule "0 12 * * SUN" --time-zone Europe/London',
    options: [["--time-zone <name>", "of the schedule; UTC if left out"]],
    load: () => import("./schedule.ts"),
  },
  {
    name: "completion",
    arguments: "<shell>",
    argumentChoices: ["bash", "zsh", "fish"],
    summary: "print a script that completes verbs and flags in bash, zsh or fish",
    example: "source <(powo-builder completion bash)",
    options: [],
    load: () => import("./completion.ts"),
  },
];
