/** Finds out everything that must never be shown (contract.md, "Settings"), before anything is printed. */
import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import type { Settings } from "./config/settings.ts";
import type { Redactor } from "./redaction.ts";

/** Teaches the redactor all secrets. Files that can't be read are reported by preflight; returns password.harvester. */
export async function learnSecrets(
  redactor: Redactor,
  settings: Settings,
): Promise<{ harvesterPassword: string | undefined }> {
  for (const url of [settings.chart.source, settings.dataUrl]) addCredentials(redactor, url);
  redactor.add(settings.harvester.password);
  if (settings.notifyWebhookUrl !== undefined) redactor.add(settings.notifyWebhookUrl);
  const { sshKeyFile, tokenFile } = settings.chart;
  for (const file of [sshKeyFile, tokenFile]) redactor.add((await contentOf(file)).trim());
  const values = read(await contentOf(settings.secretsFile), redactor);
  redactor.addDeep(values);
  const key = read(await contentOf(settings.google.credentialsFile), redactor) as {
    private_key?: string;
  } | null;
  if (key?.private_key !== undefined) redactor.add(key.private_key);
  const password = (values as { password?: { harvester?: unknown } } | null)?.password?.harvester;
  const known = typeof password === "string" || typeof password === "number";
  return { harvesterPassword: known ? String(password) : undefined };
}

async function contentOf(file: string | undefined): Promise<string> {
  return file === undefined ? "" : readFile(file, "utf8").catch(() => "");
}

/** JSON is YAML, too. What is neither is a secret as a whole. */
function read(text: string, redactor: Redactor): unknown {
  try {
    return parse(text, { maxAliasCount: 100, logLevel: "error" }) as unknown;
  } catch {
    redactor.add(text.trim());
    return null;
  }
}

function addCredentials(redactor: Redactor, url: string): void {
  const parsed = URL.parse(url);
  if (!parsed) return;
  const user = parsed.protocol.startsWith("http") ? parsed.username : "";
  for (const secret of [parsed.password || user, ...parsed.searchParams.values()]) {
    redactor.add(secret);
    redactor.add(decoded(secret));
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
