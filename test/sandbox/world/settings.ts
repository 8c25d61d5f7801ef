/** The settings of the real program against a world: environment variables, and the files that they name. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { compileCache } from "../../tools/built-program.ts";
import { project, type Emulators } from "./emulators.ts";

export interface SettingsOptions {
  dir: string;
  environment: string;
  builderNamespace: string;
  kubeconfig: string;
  helm: string;
}

export interface WorldSettings {
  secretsFile: string;
  /** What every outside program gets, ours too. */
  base: Record<string, string>;
  env: Record<string, string>;
}

/** All of them long enough for a busy machine. */
export const shortWaits = {
  RETRY_TIMEOUT: "60s",
  PODS_TIMEOUT: "2m",
  HARVEST_TIMEOUT: "10m",
  HARVEST_POLL_INTERVAL: "50ms",
  HARVEST_STALL_TIMEOUT: "1m",
  DNS_POLL_INTERVAL: "50ms",
  POST_SWAP_WATCH: "1s",
  DELETE_TIMEOUT: "2m",
  LEASE_DURATION: "6s",
};

/** Writes the files. */
export async function writeSettings(
  { dir, environment, builderNamespace, kubeconfig, helm }: SettingsOptions,
  { zone, names, dns, google, harvesters, dataUrl, repository, secrets }: Emulators,
): Promise<WorldSettings> {
  const inDir = (name: string) => path.join(dir, name);
  const [secretsFile, mappingsFile, terminationLog, temporary] = [
    inDir("secrets.yaml"),
    inDir("dns-mappings.yaml"),
    inDir("termination-log"),
    inDir("tmp"),
  ];
  await mkdir(temporary);
  await writeFile(secretsFile, secrets.text, { mode: 0o600 });
  const mappings = names.map((entry) => ({ zone: zone.name, ...entry }));
  await writeFile(mappingsFile, JSON.stringify({ dns: mappings }));
  await writeFile(terminationLog, "");
  const base = {
    PATH: process.env["PATH"] ?? "",
    HOME: dir,
    TMPDIR: temporary,
    KUBECONFIG: kubeconfig,
    HELM_CACHE_HOME: inDir("helm"),
    HELM_CONFIG_HOME: inDir("helm"),
    HELM_DATA_HOME: inDir("helm"),
    NODE_COMPILE_CACHE: compileCache,
  };
  const env = {
    ...base,
    HELM_BIN: helm,
    ENVIRONMENT: environment,
    DEPLOY_TAG: "master",
    BUILDER_NAMESPACE: builderNamespace,
    CHART_SOURCE: repository.url,
    DATA_CONFIG_PATH: dataUrl,
    SECRETS_FILE: secretsFile,
    DNS_MAPPINGS_FILE: mappingsFile,
    API_PREFIX: harvesters.apiPrefix,
    API_PASSWORD: secrets.passwords.harvester,
    SITE_PREFIX: harvesters.sitePrefix,
    STRICT_ERROR_CHECKING: "true",
    G_PROJECT: project,
    ...(google?.way.env ?? { CLOUD_DNS_ENDPOINT: dns.url }),
    TERMINATION_LOG: terminationLog,
    ...shortWaits,
  };
  return { secretsFile, base, env };
}
