/** Builds the adapters and hands them to the steps; alone knows both. */
import { randomInt } from "node:crypto";
import { tmpdir } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { createGoogleDns } from "./adapters/google-dns/index.ts";
import { createHarvester, createSite } from "./adapters/harvester/index.ts";
import { createReleases } from "./adapters/helm/index.ts";
import {
  connect,
  createAnnouncer,
  createCluster,
  createLeaseStore,
  createStateStore,
  identity,
  type KubernetesConnection,
} from "./adapters/kubernetes/index.ts";
import { openMetrics } from "./adapters/metrics/index.ts";
import { createWebhook } from "./adapters/notify/webhook.ts";
import { openWorkDir, removeDir } from "./adapters/process/work-dir.ts";
import { createSources } from "./adapters/sources.ts";
import type { Settings } from "./config/settings.ts";
import { stateName } from "./domain/names.ts";
import { createLogger } from "./logger.ts";
import type { Clock } from "./pipeline/clock.ts";
import type { Log } from "./pipeline/task.ts";
import type { Ports } from "./ports/index.ts";
import type { World } from "./pipeline/world.ts";
import { learnSecrets } from "./learn-secrets.ts";
import type { Redactor } from "./redaction.ts";

export interface ComposeOptions {
  settings: Settings;
  env: Readonly<Record<string, string | undefined>>;
  version: string;
  /** Receives every log line, with its line break. */
  write: (text: string) => void;
  color: boolean;
  /** Learns every secret, so that nothing the program prints shows one. */
  redactor: Redactor;
}

export interface Composed {
  world: World;
  /** Removes the work folder and closes idle connections. */
  dispose: () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    delay(ms, undefined, { signal }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    }),
};

/** The world of a verb, on the real adapters. Throws ConfigError when there is no way to the cluster. */
export async function compose({
  settings: given,
  env,
  version,
  write,
  color,
  redactor,
}: ComposeOptions): Promise<Composed> {
  const { harvesterPassword } = await learnSecrets(redactor, given, env);
  const settings = withPassword(given, harvesterPassword);
  let named: { runId: string; release: string } | undefined;
  const logger = createLogger({
    context: () => named,
    level: settings.logLevel,
    format: settings.logFormat,
    redact: (text) => redactor.redact(text),
    write,
    color,
  });
  const log = (step?: string): Log => (step === undefined ? logger : logger.child({ step }));
  const connection = connect({ kubeconfig: settings.kubeconfig, namespace: settings.builderNamespace });
  const workDir = openWorkDir(tmpdir(), settings.environment);
  const { environment, podName, jobName, metricsPort } = settings;
  const world: World = {
    settings: { ...settings, builderNamespace: connection.namespace },
    ports: portsFor(settings, { connection, workDir, env, log: log(), redactor }),
    store: createStateStore(connection, { environment }),
    leases: createLeaseStore(connection, { environment, durationMs: settings.leaseDurationMs }),
    clock: systemClock,
    randomInt: (below) => randomInt(below),
    log,
    identity: identity({ podName }),
    stateName: stateName(environment),
    builderNamespace: connection.namespace,
    jobName,
    redact: (text) => redactor.redact(text),
    version,
    nameRun: ({ runId, release }) => (named = { runId, release }),
    ...(metricsPort === undefined
      ? {}
      : { openMetrics: () => openMetrics({ port: metricsPort, environment, version }) }),
  };
  const dispose = () => {
    removeDir(workDir);
    connection.close();
  };
  return { world, dispose };
}

interface Parts {
  connection: KubernetesConnection;
  workDir: string;
  env: ComposeOptions["env"];
  log: Log;
  redactor: Redactor;
}

function portsFor(settings: Settings, { connection, workDir, env, log, redactor }: Parts): World["ports"] {
  const { podName, jobName, serviceAccount, releaseRole } = settings;
  const helm = { bin: settings.helmBin, workDir, env, kubeconfig: settings.kubeconfig };
  return {
    cluster: quoting(createCluster(connection, { serviceAccount, releaseRole }), redactor),
    releases: createReleases(helm),
    sources: sourcesFor(settings, { workDir, env, helm }),
    harvester: createHarvester({
      apiPrefix: settings.harvester.prefix,
      apiPath: settings.harvester.apiPath,
      username: settings.harvester.username,
      password: settings.harvester.password,
    }),
    site: createSite({ sitePrefix: settings.sitePrefix }),
    dns: createGoogleDns({
      project: settings.dns.project,
      endpoint: settings.dns.endpoint,
      keyFile: settings.google.credentialsFile,
    }),
    notifier: {
      ...createWebhook({ url: settings.notifyWebhookUrl, log }),
      announce: redacting(createAnnouncer(connection, { jobName, podName, log }), redactor),
    },
  };
}

function sourcesFor(
  settings: Settings,
  { workDir, env, helm }: Pick<Parameters<typeof createSources>[0]["chart"], "workDir" | "env" | "helm">,
) {
  const { source, path: chartPath, sshKeyFile, tokenFile } = settings.chart;
  const { deployTag, environment } = settings;
  return createSources({
    chart: { source, chartPath, deployTag, environment, workDir, env, helm, sshKeyFile, tokenFile },
    data: { url: settings.dataUrl },
    secrets: { file: settings.secretsFile },
  });
}

/** What pods and events say is written down and shown: secrets are taken out where it comes in. */
function quoting(cluster: Ports["cluster"], { redact }: Redactor): Ports["cluster"] {
  return {
    ...cluster,
    logs: async (...where) => (await cluster.logs(...where)).map(redact),
    warnings: async (...where) => (await cluster.warnings(...where)).map(redact),
  };
}

function redacting(
  announce: World["ports"]["notifier"]["announce"],
  redactor: Redactor,
): World["ports"]["notifier"]["announce"] {
  return (event) => announce({ ...event, message: redactor.redact(event.message) });
}

/** Unless API_PASSWORD is given, the harvester's password is the one that the release gets. */
function withPassword(settings: Settings, password: string | undefined): Settings {
  if (password === undefined || settings.given.has("API_PASSWORD")) return settings;
  return { ...settings, harvester: { ...settings.harvester, password } };
}
