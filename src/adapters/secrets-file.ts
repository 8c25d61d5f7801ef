/** The secrets file: values that go to helm as they are, and nowhere else. */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import { ConfigError } from "../errors.ts";
import type { Sources } from "../ports/sources.ts";

const maxBytes = 1024 * 1024;

export interface SecretsFileOptions {
  /** SECRETS_FILE. */
  file: string;
}

/** Reads SECRETS_FILE as a YAML mapping; ConfigError when that can't be done. What it holds is in no error text. */
export function createSecretsFile({ file }: SecretsFileOptions): Pick<Sources, "readSecrets"> {
  const refuse = (what: string) => new ConfigError([{ where: "SECRETS_FILE", what: `${file}: ${what}` }]);
  return {
    async readSecrets() {
      const bytes = await readBounded(file, refuse);
      const values = parseMapping(bytes.toString("utf8"));
      if (typeof values === "string") throw refuse(values);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      return { file: path.resolve(file), sha256, values };
    },
  };
}

async function readBounded(file: string, refuse: (what: string) => ConfigError): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > maxBytes) throw refuse(`larger than ${maxBytes} bytes`);
    return await readFile(file);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "can't be read";
    throw refuse(code === "ENOENT" ? "there is no such file" : code);
  }
}

/** The mapping, or what is wrong. The parser's own message quotes the line at fault: it isn't used. */
function parseMapping(text: string): Record<string, unknown> | string {
  let values: unknown;
  try {
    values = parse(text, { logLevel: "error" });
  } catch (error) {
    const position = (error as { linePos?: [{ line: number }] }).linePos?.[0].line;
    return `not YAML${position === undefined ? "" : ` (line ${position})`}`;
  }
  if (typeof values !== "object" || values === null || Array.isArray(values)) return "not a mapping";
  return values as Record<string, unknown>;
}
