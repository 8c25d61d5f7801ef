import { LineCounter, parseDocument, type YAMLError } from "yaml";
import { fileTrouble } from "../domain/words.ts";
import { messageOf } from "../errors.ts";

/** Reads a text file; undefined when there is none. */
export type ReadFile = (path: string) => string | undefined;

const maxLength = 256 * 1024;
const tooDeep = "is nested too deeply; this can't be the right file";

/**
 * A YAML file as text, lists and mappings, where keys without a value have none; undefined where there is nothing to use. No
 * problem shows the file's own words.
 */
export function readYaml(path: string, readFile: ReadFile) {
  const failed = (...problems: string[]) => ({
    content: undefined as unknown,
    absent: false,
    problems: problems.map((what) => ({ where: path, what })),
  });
  let text: string | undefined;
  try {
    text = readFile(path);
  } catch (error) {
    return failed(`${fileTrouble(error)}; name a file that the builder can read`);
  }
  if (text === undefined) return { ...failed(), absent: true };
  if (text.length > maxLength)
    return failed(`is larger than ${maxLength / 1024} KiB; this can't be the right file`);
  if (/[\uFFFD\0]/.test(text)) return failed("is not UTF-8 text; save it as UTF-8");
  const lineCounter = new LineCounter();
  try {
    // "failsafe" leaves text as it was written: 1.10 stays 1.10, and `no` stays no.
    const document = parseDocument(text.replace(/^\uFEFF/, ""), {
      schema: "failsafe",
      customTags: ["null"],
      prettyErrors: false,
      lineCounter,
    });
    const found = [...document.errors, ...document.warnings].slice(0, 10);
    if (found.some(({ code }) => code === "RESOURCE_EXHAUSTION")) return failed(tooDeep);
    if (found.length > 0) return failed(...found.map((error) => syntaxProblem(error, lineCounter)));
    return { ...failed(), content: emptyAsUndefined(document.toJS({ maxAliasCount: 50 })) };
  } catch (error) {
    return failed(
      error instanceof RangeError ? tooDeep : `is not YAML: ${firstClause(messageOf(error))}; correct it`,
    );
  }
}

function syntaxProblem({ message, code, pos }: YAMLError, lines: LineCounter): string {
  const { line } = lines.linePos(pos[0]);
  return code === "DUPLICATE_KEY"
    ? `line ${line}: this key appears twice; keep one of them`
    : `line ${line}: ${firstClause(message)}; correct the YAML there`;
}

/** The first clause of the parser's message: what follows may quote the file. */
function firstClause(message: string): string {
  return (/^[^;:\n]*/.exec(message)?.[0] ?? "").slice(0, 100);
}

/** Keys that have no value have undefined: whether they are known is still checked. In a list they have a place. */
function emptyAsUndefined(value: unknown): unknown {
  if (value === "" || value === null) return undefined;
  if (Array.isArray(value)) return value.map((entry) => emptyAsUndefined(entry) ?? null);
  if (typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, emptyAsUndefined(entry)]));
}
