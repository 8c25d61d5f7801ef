/** Finds out everything that must never be shown, before anything is printed. What is read again later is learned then. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { unescape } from "node:querystring";
import { parse } from "yaml";
import { secretKeys } from "./adapters/google-dns/credentials.ts";
import { parseSecrets } from "./adapters/secrets-file.ts";
import type { Environment, Settings } from "./config/settings.ts";
import { placeOf, rowOf, settingNames, valueAt } from "./config/table.ts";
import type { Redactor } from "./redaction.ts";

const serviceAccountToken = "/var/run/secrets/kubernetes.io/serviceaccount/token";
const kubernetesSecrets = /(token|password|secret|key-data)$/i;

/** Teaches the redactor all secrets. Files that can't be read are reported by preflight; returns password.harvester. */
export async function learnSecrets(
  redactor: Redactor,
  settings: Settings,
  env: Environment,
): Promise<string | undefined> {
  redactor.spare(settings.environment);
  for (const name of settingNames) {
    const { secret } = rowOf(name);
    // Libraries read the proxies in small letters as well.
    const values = [valueAt(settings, placeOf(name)), env[name.toLowerCase()]];
    if (secret === "whole") redactor.addDeep(values);
    if (secret === "credentials") for (const value of values) addCredentials(redactor, String(value));
  }
  for (const file of [settings.chart.sshKeyFile, settings.chart.tokenFile, serviceAccountToken])
    redactor.add((await contentOf(file)).trim());
  for (const file of (settings.kubeconfig ?? "").split(path.delimiter))
    redactor.addDeep(valueAt(await read(file, redactor), "users"), kubernetesSecrets);
  redactor.addDeep(await read(settings.google.credentialsFile, redactor), secretKeys);
  const values = await read(settings.secretsFile, redactor, parseSecrets);
  redactor.addDeep(values);
  const password = valueAt(values, "password.harvester");
  return typeof password === "string" || typeof password === "number" ? String(password) : undefined;
}

async function contentOf(file: string | undefined): Promise<string> {
  return file === undefined ? "" : readFile(file, "utf8").catch(() => "");
}

/** What a file of YAML or JSON holds; what is neither is a secret as a whole. */
async function read(
  file: string | undefined,
  redactor: Redactor,
  parseText = (text: string): unknown => parse(text, { maxAliasCount: 100, logLevel: "error" }),
): Promise<unknown> {
  const text = await contentOf(file);
  try {
    return parseText(text);
  } catch {
    redactor.add(text.trim());
    return undefined;
  }
}

/** The password in a URL, or the user name that stands for one, and the query. A proxy's scheme may be left out. */
function addCredentials(redactor: Redactor, url: string): void {
  const parsed = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `any://${url}`);
  if (!parsed) return;
  // The user of ssh is a part of the address.
  const user = parsed.protocol.includes("ssh") ? "" : parsed.username;
  for (const secret of [parsed.password || user, ...parsed.searchParams.values()]) {
    redactor.add(secret);
    redactor.add(unescape(secret));
  }
}
