/** Finds out everything that must never be shown (contract.md, "Settings"), before anything is printed. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import type { Settings } from "./config/settings.ts";
import type { Redactor } from "./redaction.ts";

type Fields = Record<string, unknown>;

const serviceAccountToken = "/var/run/secrets/kubernetes.io/serviceaccount/token";
const googleSecrets = ["private_key", "private_key_id", "client_secret", "refresh_token"];
const shortestToken = 12;

/** Teaches the redactor all secrets. Files that can't be read are reported by preflight; returns password.harvester. */
export async function learnSecrets(
  redactor: Redactor,
  settings: Settings,
): Promise<{ harvesterPassword: string | undefined }> {
  const { chart, dataUrl, harvester, sitePrefix, dns } = settings;
  for (const url of [chart.source, dataUrl, harvester.prefix, sitePrefix, dns.endpoint ?? ""])
    addCredentials(redactor, url);
  redactor.add(harvester.password);
  if (settings.notifyWebhookUrl !== undefined) redactor.add(settings.notifyWebhookUrl);
  for (const file of [chart.sshKeyFile, chart.tokenFile, serviceAccountToken])
    redactor.add((await contentOf(file)).trim());
  for (const file of (settings.kubeconfig ?? "").split(path.delimiter))
    addKubeconfig(redactor, read(await contentOf(file)));
  const values = readSecret(await contentOf(settings.secretsFile), redactor);
  redactor.addDeep(values);
  const key = readSecret(await contentOf(settings.google.credentialsFile), redactor);
  for (const name of googleSecrets) addText(redactor, (key as Fields | null)?.[name]);
  const password = (values as { password?: { harvester?: unknown } } | null)?.password?.harvester;
  const known = typeof password === "string" || typeof password === "number";
  return { harvesterPassword: known ? String(password) : undefined };
}

async function contentOf(file: string | undefined): Promise<string> {
  return file === undefined ? "" : readFile(file, "utf8").catch(() => "");
}

/** JSON is YAML, too; null for what is neither. */
function read(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 100, logLevel: "error" }) as unknown;
  } catch {
    return null;
  }
}

/** What is neither YAML nor JSON is a secret as a whole. */
function readSecret(text: string, redactor: Redactor): unknown {
  const values = read(text);
  if (values === null) redactor.add(text.trim());
  return values;
}

function addText(redactor: Redactor, value: unknown): void {
  if (typeof value === "string") redactor.add(value);
}

/** Tokens, passwords and keys of its users; what is short says nothing, and would hide words. */
function addKubeconfig(redactor: Redactor, content: unknown): void {
  const { users } = (content ?? {}) as { users?: unknown };
  if (!Array.isArray(users)) return;
  for (const entry of users as ({ user?: Fields } | null)[]) {
    for (const name of ["token", "password", "client-key-data"]) {
      const value = entry?.user?.[name];
      if (typeof value === "string" && value.length >= shortestToken) redactor.add(value);
    }
  }
}

function addCredentials(redactor: Redactor, url: string): void {
  const parsed = URL.parse(url.replaceAll(/\{\w+\}/g, "x"));
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
