/**
 * Everything that a rebuild touches, in one process on 127.0.0.1: a Kubernetes API (or a real cluster), harvesters
 * and portals, Cloud DNS, the data URL and the chart's git repository; and a release of the original builder that is
 * live. The real program with the real helm is started against it as a child process.
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { generateDataConfiguration } from "../fixtures/data-configuration.ts";
import { requireBinaries } from "../tools/binaries.ts";
import { requireKeptProgram } from "../tools/built-program.ts";
import type { Way } from "./google/ways.ts";
import type { DataConfiguration } from "./harvester/data-configuration.ts";
import { startKubernetes, type SandboxCluster } from "./kubernetes/index.ts";
import { startBuilderProcess, type BuilderProcess } from "./world/builder-process.ts";
import { startEmulators, stopEmulators, type Emulators, type HarvestPace } from "./world/emulators.ts";
import { installLiveRelease } from "./world/live-release.ts";
import { addressesOf, viewsOfCluster, viewsOfEmulator, type NamespaceViews } from "./world/namespace-view.ts";
import { watchPublicNames, type PublicNamesWatch } from "./world/public-names.ts";
import { writeSettings } from "./world/settings.ts";
import { removeFolder } from "../tools/remove-folder.ts";

export interface WorldOptions extends HarvestPace {
  /** A real cluster instead of the emulator. */
  kubeconfig?: string | undefined;
  environment?: string;
  /** Served at the data URL, and what the live release was harvested with; generated unless given. */
  data?: DataConfiguration | undefined;
  /** TTL of the public names. */
  ttlSeconds?: number;
  /** How long a change stays pending in Cloud DNS. */
  pendingMs?: number;
  /** Without it nothing is live yet. */
  withLiveRelease?: boolean;
  /**
   * Cloud DNS behind Google's login, reached by Google's names: builders need one of the double's logins. Without it they
   * reach Cloud DNS by CLOUD_DNS_ENDPOINT, without a login.
   */
  google?: Way["kind"];
  /** Rules of the simulation from the start on: a new pace would make running pods unready for a moment. */
  simulation?: Record<string, string>;
}

export interface EmbeddedWorld extends Emulators {
  dir: string;
  environment: string;
  /** The builder's own namespace. */
  builderNamespace: string;
  kubeconfig: string;
  /** The built program, powo-builder.js. */
  program: string;
  /** The emulator; undefined with a real cluster. */
  kubernetes: SandboxCluster | undefined;
  views: NamespaceViews;
  data: DataConfiguration;
  /** The release of the original builder; undefined where nothing is live. */
  liveRelease: string | undefined;
  watch: PublicNamesWatch;
  /** The settings of the real program, as environment variables. */
  env: (overrides?: Record<string, string>) => Record<string, string>;
  startBuilder: (
    verb: string | readonly string[],
    overrides?: Record<string, string>,
    onLine?: (line: string) => void,
  ) => BuilderProcess;
  /** What kubectl and helm print; they fail as the programs do. */
  kubectl: (...args: string[]) => Promise<string>;
  helm: (...args: string[]) => Promise<string>;
  /** Rules of the ConfigMap kube-system/simulation by key; null removes one. What is left goes with the world. */
  simulate: (rules: Record<string, string | null>) => Promise<void>;
  /** Namespaces that could be this environment's releases. */
  releases: () => Promise<string[]>;
  /** The release that every name points at, or `divided`; undefined where nothing is live. */
  live: () => Promise<string | undefined>;
  /** Asks every 5 ms until the answer is neither undefined nor false. */
  until: <T>(what: string, ask: () => T | Promise<T>, timeoutMs?: number) => Promise<NonNullable<T>>;
  stop: () => Promise<void>;
}

export async function startEmbeddedWorld(options: WorldOptions = {}): Promise<EmbeddedWorld> {
  const { environment = "prod", ttlSeconds = 1, pendingMs = 100, withLiveRelease = true, google } = options;
  const dir = await mkdtemp(path.join(tmpdir(), "powo-world-"));
  const tools = await requireBinaries();
  const program = await requireKeptProgram();
  const kubernetes = options.kubeconfig === undefined ? await startKubernetes({ dir }) : undefined;
  const kubeconfig = kubernetes?.kubeconfig ?? options.kubeconfig ?? "";
  const views = kubernetes ? viewsOfEmulator(kubernetes) : await viewsOfCluster(kubeconfig);
  const data = options.data ?? generateDataConfiguration();
  const emulators = await startEmulators({ dir, environment, views, data, pace: options, pendingMs, google });
  const builderNamespace = `builder-${environment}`;
  const place = { dir, environment, builderNamespace, kubeconfig, helm: tools.helm };
  const settings = await writeSettings(place, emulators);
  const run = async (file: string, args: readonly string[]) =>
    (await execa(file, args, { env: settings.base, extendEnv: false })).stdout;

  await run(tools.kubectl, ["create", "namespace", builderNamespace]);
  const ruled = new Set<string>();
  const simulate: EmbeddedWorld["simulate"] = async (rules) => {
    for (const key of Object.keys(rules)) ruled.add(key);
    const patch = ["patch", "configmap", "simulation", "-n", "kube-system", "--type=merge", "-p"];
    await run(tools.kubectl, [...patch, JSON.stringify({ data: rules })]);
  };
  if (options.simulation) await simulate(options.simulation);
  const { zone, names, chart, harvesters } = emulators;
  const liveRelease = withLiveRelease ? `${environment}-j8x91` : undefined;
  if (liveRelease !== undefined) {
    const helm = (args: readonly string[]) => run(tools.helm, args);
    const valuesFiles = [settings.secretsFile, chart.values];
    await installLiveRelease({
      ...{ release: liveRelease, helm, chartDir: chart.dir, valuesFiles, views, zone, names, ttlSeconds },
    });
    (await harvesters.model(liveRelease))?.harvestAtOnce(data);
  }
  const isRelease = (name: string) => new RegExp(`^${environment}-[a-z0-9]{5}$`).test(name);
  const releases = async () => (await views.names()).filter(isRelease);
  const watched = withLiveRelease ? names.map(({ name }) => name) : [];
  const everyMs = kubernetes ? 10 : 150;
  const watch = watchPublicNames({ zone, names: watched, views, isRelease, everyMs });
  const builders: BuilderProcess[] = [];
  const env: EmbeddedWorld["env"] = (overrides = {}) => ({ ...settings.env, ...overrides });
  return {
    ...emulators,
    ...{
      dir,
      environment,
      builderNamespace,
      kubeconfig,
      program,
      kubernetes,
      views,
      data,
      liveRelease,
      watch,
    },
    ...{ env, releases, simulate },
    startBuilder(verb, overrides, onLine) {
      const args = typeof verb === "string" ? [verb] : verb;
      const wrap = emulators.google?.way.wrap;
      const builder = startBuilderProcess({ program, wrap, args, env: env(overrides), onLine });
      builders.push(builder);
      return builder;
    },
    kubectl: (...args) => run(tools.kubectl, args),
    helm: (...args) => run(tools.helm, args),
    live: () => findLive(emulators, releases, views),
    until: waitUntil,
    async stop() {
      for (const builder of builders.filter((one) => !one.hasEnded())) builder.kill();
      await Promise.all(builders.map(({ exit }) => exit));
      await watch.stop();
      if (!kubernetes) {
        await simulate(Object.fromEntries([...ruled].map((key) => [key, null])));
        const mine = [builderNamespace, ...(await releases())];
        await run(tools.kubectl, ["delete", "namespace", "--wait=false", "--ignore-not-found", ...mine]);
      }
      await Promise.all([stopEmulators(emulators), kubernetes?.stop()]);
      await removeFolder(dir);
    },
  };
}

async function findLive(
  { zone, names }: Emulators,
  releases: () => Promise<string[]>,
  views: NamespaceViews,
): Promise<string | undefined> {
  const owners = new Map<string, string>();
  for (const release of await releases()) {
    const view = await views.read(release);
    for (const address of view ? addressesOf(view).values() : []) owners.set(address, release);
  }
  const found = new Set(names.map(({ name }) => owners.get(zone.find(name)?.rrdatas[0] ?? "")));
  return found.size === 1 ? [...found][0] : "divided";
}

const waitUntil: EmbeddedWorld["until"] = async (what, ask, timeoutMs = 60_000) => {
  for (const deadline = Date.now() + timeoutMs; ;) {
    const answer = await ask();
    if (answer !== undefined && answer !== null && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await sleep(5);
  }
};
