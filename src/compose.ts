/** Builds the adapters and hands them to the steps; alone knows both. */
import { randomInt } from "node:crypto";
import { tmpdir } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { fetchChart } from "./adapters/chart/index.ts";
import { fetchData } from "./adapters/data/index.ts";
import { createGoogleDns } from "./adapters/google-dns/index.ts";
import { createHarvester } from "./adapters/harvester/harvester.ts";
import { createSite } from "./adapters/harvester/site.ts";
import { createReleases } from "./adapters/helm/index.ts";
import { connect, type KubernetesConnection } from "./adapters/kubernetes/client.ts";
import { createCluster } from "./adapters/kubernetes/cluster.ts";
import { createAnnouncer } from "./adapters/kubernetes/events.ts";
import { createLeaseStore, identity } from "./adapters/kubernetes/lease-store.ts";
import { createStateStore } from "./adapters/kubernetes/state-store.ts";
import { createWebhook } from "./adapters/notify/webhook.ts";
import { openServer } from "./adapters/page/server.ts";
import { openWorkDir, removeDir } from "./adapters/process/work-dir.ts";
import { readSecretsFile } from "./adapters/secrets-file.ts";
import type { Settings } from "./config/settings.ts";
import { mapSaid } from "./domain/said.ts";
import { oneLine } from "./domain/words.ts";
import { createLogger } from "./logger.ts";
import type { Clock } from "./pipeline/clock.ts";
import type { Log } from "./pipeline/task.ts";
import type { World } from "./pipeline/world.ts";
import type { Cluster } from "./ports/cluster.ts";
import type { Harvester } from "./ports/harvester.ts";
import type { Ports } from "./ports/index.ts";
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

/** Where the page is without METRICS_PORT: the same in every pod, so that it can be found. */
const pagePort = 8484;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    delay(ms, undefined, { signal }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    }),
};

/**
 * The world of a verb, on the real adapters; `dispose` removes the work folder and closes idle connections. Throws
 * ConfigError when there is no way to the cluster.
 */
export async function compose(options: ComposeOptions): Promise<{ world: World; dispose: () => void }> {
  const { env, version, write, color, redactor } = options;
  const settings = withPassword(options.settings, await learnSecrets(redactor, options.settings, env));
  const { environment, podName, metricsPort, logLevel: level, logFormat: format } = settings;
  let named: { runId: string; release: string } | undefined;
  const logger = createLogger({ context: () => named, level, format, redactor, write, color });
  const log = (step?: string): Log => (step === undefined ? logger : logger.child({ step }));
  const { kubeconfig, builderNamespace: namespace } = settings;
  const connection = connect({ kubeconfig, namespace, redactor });
  const workDir = openWorkDir(tmpdir(), environment);
  const world: World = {
    settings: { ...settings, builderNamespace: connection.namespace },
    ports: portsFor(settings, { connection, workDir, env, log: logger, redactor }),
    store: createStateStore(connection, { environment }),
    leases: createLeaseStore(connection, { environment, durationMs: settings.leaseDurationMs }),
    clock: systemClock,
    randomInt: (below) => randomInt(below),
    log,
    identity: identity({ podName }),
    builderNamespace: connection.namespace,
    redact: redactor.line,
    version,
    nameRun: ({ runId, release }) => (named = { runId, release }),
    serve: (run, page) =>
      openServer({
        isPublic: metricsPort !== undefined,
        port: metricsPort ?? pagePort,
        log: logger,
        // What makes them is loaded when somebody looks.
        pages: {
          "/": async () => {
            const { renderReport } = await import("./report/render-report.ts");
            return { type: "text/html; charset=utf-8", text: renderReport(await page(), redactor.redact) };
          },
          "/metrics": async () => {
            const { metricsOf } = await import("./adapters/page/metrics.ts");
            return metricsOf(run, { environment, version });
          },
        },
      }),
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

function portsFor(settings: Settings, { connection, workDir, env, log, redactor }: Parts): Ports {
  const { podName, jobName, serviceAccount, releaseRole, sitePrefix } = settings;
  const { prefix: apiPrefix, apiPath, username, password } = settings.harvester;
  const { project, endpoint } = settings.dns;
  const helm = { bin: settings.helmBin, workDir, env, kubeconfig: settings.kubeconfig, redactor };
  const cluster = createCluster(connection, { serviceAccount, releaseRole });
  const harvester = createHarvester({ apiPrefix, apiPath, username, password });
  const webhook = createWebhook({ url: settings.notifyWebhookUrl, log });
  const announce = createAnnouncer(connection, { podName, jobName, log });
  return {
    ...quoted(cluster, harvester, redactor),
    releases: createReleases(helm),
    sources: {
      fetchChart: (pinned, signal) => fetchChart({ ...settings, helm }, pinned, signal),
      fetchData: (signal) => fetchData({ url: settings.dataUrl }, signal),
      async readSecrets() {
        const secrets = await readSecretsFile(settings.secretsFile);
        redactor.addDeep(secrets.values);
        return secrets;
      },
    },
    site: createSite({ sitePrefix }),
    dns: createGoogleDns({ project, endpoint, keyFile: settings.google.credentialsFile, redactor }),
    notifier: {
      notify: (message) => webhook.notify({ ...message, text: redactor.line(message.text) }),
      announce: (event) => announce({ ...event, message: redactor.line(event.message) }),
    },
  };
}

/** More of a log than is shown: a secret may come in several lines, of which the last ones say nothing alone. */
const linesBefore = 100;

/** What pods, events and jobs say is cut, folded, written down and shown: secrets are taken out where it comes in. */
function quoted(cluster: Cluster, harvester: Harvester, { redact, line }: Redactor) {
  const said =
    <T>(words: Redactor["line"], ...keys: string[]) =>
    (view: T) =>
      mapSaid(view, words, new Set(keys));
  return {
    cluster: {
      ...cluster,
      observe: (namespace) => cluster.observe(namespace).then(said(line, "message")),
      logs: async (namespace, pod, container, lines) =>
        redact((await cluster.logs(namespace, pod, container, lines + linesBefore)).join("\n"))
          .split("\n")
          .slice(-lines)
          .map(oneLine),
      warnings: async (...where) => (await cluster.warnings(...where)).map(line),
      blockers: async (namespace) => (await cluster.blockers(namespace)).map(line),
    },
    harvester: {
      ...harvester,
      findList: (...which) => harvester.findList(...which).then(said(line, "description")),
      // It has lines, which are looked through one by one.
      findExecution: (...which) => harvester.findExecution(...which).then(said(redact, "exitDescription")),
    },
  } satisfies Partial<Ports>;
}

/** Unless API_PASSWORD is given, the harvester's password is the one that the release gets. */
function withPassword(settings: Settings, password: string | undefined): Settings {
  if (password === undefined || settings.given.has("API_PASSWORD")) return settings;
  return { ...settings, harvester: { ...settings.harvester, password } };
}
