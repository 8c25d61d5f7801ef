/** The secrets file: values that go to helm as they are, and nowhere else. */
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { parseAllDocuments, type ScalarTag } from "yaml";
import { fileTrouble } from "../domain/words.ts";
import { ConfigError } from "../errors.ts";

const maxBytes = 1024 * 1024;

/** Reads SECRETS_FILE as a YAML mapping; ConfigError when that can't be done. What it holds is in no error text. */
export async function readSecretsFile(file: string) {
  const refuse = (what: string) => new ConfigError([{ where: "SECRETS_FILE", what: `${file}: ${what}` }]);
  const unreadable = (error: unknown) =>
    Promise.reject(refuse(`${fileTrouble(error)}; mount the file with the release's passwords there`));
  const { size } = await stat(file).catch(unreadable);
  if (size > maxBytes) throw refuse("is larger than 1 MiB; this can't be the right file");
  const bytes = await readFile(file).catch(unreadable);
  if (!isUtf8(bytes)) throw refuse("is not UTF-8 text; save it as UTF-8");
  const values = parseMapping(bytes.toString("utf8"), refuse);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { file: path.resolve(file), sha256, values };
}

/** What `!!binary` holds, as Helm hands it on. */
const binary: ScalarTag = {
  tag: "tag:yaml.org,2002:binary",
  resolve: (text) => Buffer.from(text, "base64").toString("utf8"),
};

/**
 * The values of a secrets file as Helm reads them: merge keys and binary texts resolved, of several documents the first.
 * Throws the parser's error, which quotes the line at fault, or one with the code `several` where a later document holds anything.
 */
export function parseSecrets(text: string): unknown {
  const documents = parseAllDocuments(text, { merge: true, customTags: [binary], logLevel: "error" });
  const [first, ...others] = Array.isArray(documents) ? documents : [];
  const error = first?.errors[0];
  if (error) throw error;
  if (others.some((document) => document.contents !== null && document.toJS() !== null))
    throw Object.assign(new Error("several documents"), { code: "several" });
  return first?.toJS({ maxAliasCount: 100 }) as unknown;
}

/** The parser's own message quotes the line at fault: it isn't used. */
function parseMapping(text: string, refuse: (what: string) => ConfigError): Record<string, unknown> {
  let values: unknown;
  try {
    values = parseSecrets(text);
  } catch (error) {
    const { linePos, code } = error as { linePos?: [{ line: number }]; code?: string };
    const told: Record<string, string> = {
      DUPLICATE_KEY: "has a key twice",
      several: "holds several documents, of which Helm reads only the first",
    };
    const what = told[code ?? ""] ?? "is not YAML";
    const position = linePos ? ` (line ${linePos[0].line})` : "";
    throw refuse(`${what}${position}; correct it, or recreate its Secret`);
  }
  if (typeof values === "object" && values !== null && !Array.isArray(values))
    return values as Record<string, unknown>;
  throw refuse("is not a mapping (key: value); write the release's secret values, above all password:");
}
