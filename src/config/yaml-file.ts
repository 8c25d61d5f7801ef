import { LineCounter, parseDocument } from "yaml";
import { fileTrouble } from "../domain/words.ts";
import { messageOf } from "../errors.ts";

/** Reads a text file; undefined when there is none. */
export type ReadFile = (path: string) => string | undefined;

/** A YAML file as text, lists and mappings: numbers and booleans are left as they were written. */
export type FileContent = { content: unknown } | { absent: true } | { problems: string[] };

const largestFile = 256 * 1024;
const deepestNesting = 50;

/** Reads and parses a YAML file. What can't be right comes back as problems, without the file's own words. */
export function readYamlFile(path: string, readFile: ReadFile): FileContent {
  let text: string | undefined;
  try {
    text = readFile(path);
  } catch (error) {
    return { problems: [`${fileTrouble(error)}; name a file that the builder can read`] };
  }
  if (text === undefined) return { absent: true };
  const problem = textProblem(text);
  return problem === undefined ? parseYaml(text.replace(/^\uFEFF/, "")) : { problems: [problem] };
}

/** What keeps a text from being parsed at all: the parser takes size and depth as they come, and can die of them. */
function textProblem(text: string): string | undefined {
  if (text.length > largestFile)
    return `is larger than ${largestFile / 1024} KiB; this can't be the right file`;
  if (/[\uFFFD\0]/.test(text)) return "is not UTF-8 text; save it as UTF-8";
  let depth = 0;
  for (const letter of text) {
    if (letter === "[" || letter === "{") depth += 1;
    else if (letter === "]" || letter === "}") depth -= 1;
    if (depth > deepestNesting) return "is nested too deeply; this can't be the right file";
  }
  return undefined;
}

function parseYaml(text: string): FileContent {
  const lineCounter = new LineCounter();
  try {
    // "failsafe" knows text, lists and mappings only: 1.10 stays 1.10, and `no` stays no.
    const document = parseDocument(text, { schema: "failsafe", prettyErrors: false, lineCounter });
    const found = [...document.errors, ...document.warnings];
    if (found.length === 0) return { content: withoutEmpty(document.toJS({ maxAliasCount: 50 })) };
    return {
      problems: found.slice(0, 10).map(({ message, code, pos }) => {
        const { line } = lineCounter.linePos(pos[0]);
        return code === "DUPLICATE_KEY"
          ? `line ${line}: this key is there twice; keep one of them`
          : `line ${line}: ${shortened(message)}; correct the YAML there`;
      }),
    };
  } catch (error) {
    if (error instanceof RangeError)
      return { problems: ["is nested too deeply; this can't be the right file"] };
    return { problems: [`is not YAML: ${shortened(messageOf(error))}; correct it`] };
  }
}

/** The first clause of the parser's message: what follows may quote the file. */
function shortened(message: string): string {
  return (/^[^;:\n]*/.exec(message)?.[0] ?? "").slice(0, 100);
}

const nothing = (value: unknown): value is null | undefined | "" =>
  value === undefined || value === null || value === "" || value === "~" || value === "null";

/** Without the keys that have no value: `dns:` on its own is as good as not there. */
function withoutEmpty(value: unknown): unknown {
  if (nothing(value)) return undefined;
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([, entry]) => !nothing(entry));
  return Object.fromEntries(entries.map(([key, entry]) => [key, withoutEmpty(entry)]));
}
