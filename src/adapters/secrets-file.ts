/** The secrets file: values that go to helm as they are, and nowhere else. */
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
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

/** The parser's own message quotes the line at fault: it isn't used. */
function parseMapping(text: string, refuse: (what: string) => ConfigError): Record<string, unknown> {
  let values: unknown;
  try {
    values = parse(text, { logLevel: "error" });
  } catch (error) {
    const { linePos, code } = error as { linePos?: [{ line: number }]; code?: string };
    const what = code === "DUPLICATE_KEY" ? "has a key twice" : "is not YAML";
    const position = linePos ? ` (line ${linePos[0].line})` : "";
    throw refuse(`${what}${position}; correct it, or make its Secret anew`);
  }
  if (typeof values === "object" && values !== null && !Array.isArray(values))
    return values as Record<string, unknown>;
  throw refuse("is no mapping (key: value); it must hold the release's secret values, password: above all");
}
