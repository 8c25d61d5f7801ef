/** The command line: finds the verb, tells help and mistakes, runs nothing else. */
import { Command, CommanderError, Option } from "commander";
import { type Ending, exitCodes } from "../errors.ts";
import { isJson, type VerbContext } from "./verb.ts";
import { type VerbRow, verbs } from "./verbs.ts";

export interface ProgramOptions extends Omit<VerbContext, "options" | "args" | "log" | "write"> {
  /** Without node and script. */
  argv: readonly string[];
  /** Receives what goes to standard error; it is clean already, as is what standard output gets. */
  stderr: (text: string) => void;
  /** Whether lines of the log on standard error may be coloured. */
  stderrColor?: boolean;
  /** Another table for tests. */
  table?: readonly VerbRow[];
}

const name = "powo-builder";
const helpWidth = 116;
const globalFlags = ["-h", "--help", "-V", "--version"];

/** Runs the verb of a command line. Usage mistakes are told on stderr (exit 2); throws what the verb throws. */
export async function runProgram({
  argv,
  stderr,
  stderrColor = false,
  table = verbs,
  ...surroundings
}: ProgramOptions): Promise<Ending> {
  const { version, color, redactor, stdout: write } = surroundings;
  const stdout = (text: string) => write(redactor.text(text));
  let ending: Ending = { code: exitCodes.done, outcome: "" };
  const program = frame(version).configureOutput({
    writeOut: stdout,
    writeErr: (text) => stderr(redactor.text(text)),
    outputError: (text, write) => write(text.replace("unknown command", "unknown verb")),
    getOutHelpWidth: () => helpWidth,
    getErrHelpWidth: () => helpWidth,
  });
  for (const row of table) {
    addVerb(program, row, async (options, args) => {
      const beside = row.answers === true || isJson({ options });
      const log = beside ? { write: stderr, color: stderrColor } : { write, color };
      ending = (await row.run({ ...surroundings, stdout, write, log, options, args })) ?? ending;
    });
  }
  try {
    await program.parseAsync(withVerb(argv), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { code: error.exitCode === 0 ? exitCodes.done : exitCodes.badInput, outcome: error.message };
  }
  return ending;
}

/** The program without verbs; what is set here before a verb is added holds for it as well. */
function frame(version: string): Command {
  return new Command(name)
    .description("Rebuilds Plants of the World Online from nothing and puts it live.")
    .usage("[verb] [flags]")
    .optionsGroup("Flags:")
    .commandsGroup("Verbs:")
    .version(version, "-V, --version", "show the version")
    .addHelpOption(new Option("-h, --help", "show this help").helpGroup("Flags:"))
    .helpCommand("help [verb]", "show the help of a verb")
    .configureHelp({ subcommandTerm: (verb) => `${verb.name()} ${verb.usage()}`.trim() })
    .addHelpText(
      "after",
      helpEnd(`${name} status --watch`, "Exit codes: docs/operations.md; settings: docs/configuration.md"),
    )
    .showHelpAfterError(`usage: ${name} [verb] [flags]\nmore:  ${name} --help`)
    .exitOverride();
}

type Action = (options: Record<string, unknown>, args: string[]) => Promise<void>;

function addVerb(program: Command, row: VerbRow, action: Action): void {
  const usage = ["[flags]", ...(row.arguments ? [row.arguments] : [])];
  const command = program
    .command(row.name)
    .summary(row.summary)
    .description(`${row.summary.charAt(0).toUpperCase()}${row.summary.slice(1)}.`)
    .usage(usage.join(" "))
    .optionsGroup("Flags:")
    .addHelpText("after", helpEnd(row.example ?? `${name} ${row.name}`))
    .showHelpAfterError(`usage: ${[name, row.name, ...usage].join(" ")}\nmore:  ${name} ${row.name} --help`)
    .action(() => action(command.opts(), command.args));
  if (row.arguments) command.arguments(row.arguments);
  for (const [flags, description, choices] of row.options ?? []) {
    const option = new Option(flags, description);
    command.addOption(choices ? option.choices(choices) : option);
  }
}

function helpEnd(example: string, more?: string): string {
  return `\nExample:\n  ${example}${more === undefined ? "" : `\n\n${more}`}`;
}

function withVerb(argv: readonly string[]): string[] {
  const [first] = argv;
  const hasVerb = first !== undefined && (!first.startsWith("-") || globalFlags.includes(first));
  return hasVerb ? [...argv] : ["run", ...argv];
}
