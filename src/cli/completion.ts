/** `completion`: a script that completes verbs and flags in a shell; made from the table of verbs, asks nobody. */
import { Option } from "commander";
import { exitCodes } from "../errors.ts";
import type { Verb } from "./verb.ts";
import { type VerbRow, verbs } from "./verbs.ts";

const program = "powo-builder";

interface Flag {
  short: string | undefined;
  long: string | undefined;
  description: string;
  /** What follows it: nothing, one of a few words, a file, or some text. */
  value: "none" | "file" | "text" | readonly string[];
}

interface Completed {
  name: string;
  summary: string;
  flags: Flag[];
  /** What may stand after the verb. */
  words: readonly string[];
}

const helpFlag: Flag = { short: "-h", long: "--help", description: "show this help", value: "none" };
const versionFlag: Flag = { short: "-V", long: "--version", description: "show the version", value: "none" };

/** The script of a shell: bash, zsh or fish. */
export function completionScript(shell: string, table: readonly VerbRow[] = verbs): string {
  const all = completed(table);
  return shell === "bash" ? bash(all) : shell === "zsh" ? zsh(all) : fish(all);
}

export const verb: Verb = async ({ args, stdout }) => {
  stdout(completionScript(args[0] ?? "bash"));
  return exitCodes.done;
};

function completed(table: readonly VerbRow[]): Completed[] {
  const rows = table.map(({ name, summary, options, argumentChoices = [] }) => ({
    ...{ name, summary, words: argumentChoices },
    flags: [...options.map(flagOf), helpFlag],
  }));
  const names = table.map(({ name }) => name);
  return [...rows, { name: "help", summary: "show the help of a verb", flags: [], words: names }];
}

function flagOf([flags, description, choices]: VerbRow["options"][number]): Flag {
  const { short, long, required } = new Option(flags);
  const value = choices ?? (required ? (flags.includes("<file>") ? "file" : "text") : "none");
  return { short, long, description, value };
}

const formsOf = ({ short, long }: Flag): string[] => [short, long].filter((form) => form !== undefined);

function bash(all: readonly Completed[]): string {
  const values = all.flatMap(({ name, flags }) =>
    flags
      .filter(({ value }) => value !== "none")
      .map((flag) => {
        const { value } = flag;
        const found =
          value === "file"
            ? `-f`
            : value === "text" || value === "none"
              ? `-W ""`
              : `-W "${value.join(" ")}"`;
        const pattern = formsOf(flag)
          .map((form) => `"${name} ${form}"`)
          .join("|");
        return `    ${pattern}) COMPREPLY=($(compgen ${found} -- "$cur")); return ;;`;
      }),
  );
  const words = all.map(
    ({ name, flags, words: own }) =>
      `    ${name}) words="${[...own, ...flags.flatMap(formsOf)].join(" ")}" ;;`,
  );
  const first = [...all.map(({ name }) => name), ...[helpFlag, versionFlag].flatMap(formsOf)].join(" ");
  return `# bash completion of ${program}; load it:  source <(${program} completion bash)
_powo_builder() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" verb="" words="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      -*) ;;
      *) verb="\${COMP_WORDS[i]}"; break ;;
    esac
  done
  case "$verb $prev" in
${values.join("\n")}
  esac
  case "$verb" in
    "") words="${first}" ;;
${words.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _powo_builder ${program}
`;
}

/** Text inside single quotes of a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

function zsh(all: readonly Completed[]): string {
  const described = all.map(
    ({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(":", "\\:")}`)}`,
  );
  const spec = (flag: Flag): string => {
    const forms = formsOf(flag);
    const { value } = flag;
    const after =
      value === "none"
        ? ""
        : value === "file"
          ? ":file:_files"
          : value === "text"
            ? ":text: "
            : `:value:(${value.join(" ")})`;
    const text = `[${flag.description.replaceAll(/[[\]:]/g, (sign) => `\\${sign}`)}]${after}`;
    return forms.length > 1
      ? `'(${forms.join(" ")})'{${forms.join(",")}}${quoted(text)}`
      : quoted(`${forms[0] ?? ""}${text}`);
  };
  const cases = all.map(({ name, flags, words }) => {
    const own = words.length > 0 ? [`'1:word:(${words.join(" ")})'`] : [];
    return `    ${name}) _arguments ${[...flags.map(spec), ...own].join(" ")} ;;`;
  });
  return `#compdef ${program}
# zsh completion of ${program}; load it:  source <(${program} completion zsh)
_powo_builder() {
  local -a verbs
  verbs=(
${described.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe -t verbs verb verbs
    _arguments ${[helpFlag, versionFlag].map(spec).join(" ")}
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${cases.join("\n")}
  esac
}
if [[ "\${funcstack[1]}" = _powo_builder ]]; then _powo_builder "$@"; else compdef _powo_builder ${program}; fi
`;
}

function fish(all: readonly Completed[]): string {
  const flagLine = (condition: string, flag: Flag): string => {
    const { short, long, description, value } = flag;
    const parts = [
      ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
      ...(long === undefined ? [] : [`-l ${long.slice(2)}`]),
      ...(value === "none"
        ? []
        : value === "file"
          ? ["-r -F"]
          : value === "text"
            ? ["-x"]
            : [`-x -a ${quoted(value.join(" "))}`]),
    ];
    return `complete -c ${program} -n ${quoted(condition)} ${parts.join(" ")} -d ${quoted(description)}`;
  };
  const lines = all.flatMap(({ name, summary, flags, words }) => {
    const inVerb = `__fish_seen_subcommand_from ${name}`;
    return [
      `complete -c ${program} -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
      ...flags.map((flag) => flagLine(inVerb, flag)),
      ...(words.length > 0
        ? [`complete -c ${program} -n ${quoted(inVerb)} -a ${quoted(words.join(" "))}`]
        : []),
    ];
  });
  return `# fish completion of ${program}; load it:  ${program} completion fish | source
complete -c ${program} -f
${[helpFlag, versionFlag].map((flag) => flagLine("__fish_use_subcommand", flag)).join("\n")}
${lines.join("\n")}
`;
}
