/**
 * One environment on the real cluster: the chart with the real image, whose pods run on the real node with nothing but
 * their ServiceAccount; emulators on this machine, which they know as host.powo.test; and a live release of the
 * original builder.
 */
import { randomInt } from "node:crypto";
import { generateDataConfiguration } from "../../fixtures/data-configuration.ts";
import { startEmbeddedWorld, type EmbeddedWorld } from "../../sandbox/embedded-world.ts";
import { project } from "../../sandbox/world/emulators.ts";
import { startGitHttp } from "../../tools/git-http.ts";
import {
  asAdmin,
  chartDir,
  helmRun,
  kubectlAs,
  until,
  untilPoliciesHold,
  type Answer,
} from "../chart/cluster.ts";
import { createHarvestClock, type HarvestClock } from "./harvest-clock.ts";

export const image = { repository: "localhost/powo-builder", tag: "e2e" };

export interface JobEnd {
  /** `Complete` or `Failed`. */
  outcome: string;
  /** Why, in the Job controller's words. */
  reason: string;
  /** Exit codes of its pods, the oldest first. */
  exitCodes: number[];
  /** The log of its last pod. */
  log: string;
  /** What its last pod left as its termination message. */
  message: string;
}

interface Pod {
  name: string;
  uid: string;
  /** When it was made, and its exit code once it has ended. */
  createdAt: string;
  exitCode: number | undefined;
  message: string;
}

export interface Stage {
  world: EmbeddedWorld;
  clock: HarvestClock;
  namespace: string;
  /** `helm upgrade --install` with these values over the stage's own. */
  install: (values?: StageValues) => Promise<void>;
  helmTest: () => Promise<Answer>;
  /** Starts a Job from `builder` or `builder-<verb>`. */
  start: (job: string, verb?: string) => Promise<void>;
  pods: (job: string) => Promise<Pod[]>;
  /** The log so far of the last pod of a Job. */
  log: (job: string) => Promise<string>;
  logged: (job: string, pattern: RegExp) => Promise<string>;
  ended: (job: string) => Promise<JobEnd>;
  /** Starts a Job of a verb and waits for its end. */
  run: (job: string, verb: string) => Promise<JobEnd>;
  /** The state as the builder keeps it. */
  state: () => Promise<{ run: Record<string, unknown> & { phase: string; release: string; runId: string } }>;
  kubectl: (...args: string[]) => Promise<string>;
  /** kubectl with something on its standard input. */
  kubectlWith: (input: string, ...args: string[]) => Promise<string>;
  /** The data URL as the node knows it. */
  dataUrl: string;
  stop: () => Promise<void>;
}

interface StageValues {
  settings?: Record<string, string | number>;
  [value: string]: unknown;
}

/** Waits are short, but for the Lease: a busy machine may not come to renew it for seconds. */
const quick = {
  HARVEST_POLL_INTERVAL: "200ms",
  DNS_POLL_INTERVAL: "200ms",
  POST_SWAP_WATCH: "1s",
  LEASE_DURATION: "15s",
};

const onNode = (url: string) => url.replace("127.0.0.1", "host.powo.test");

export type OpenStage = (prefix: string) => Promise<Stage>;

export async function startStage(prefix: string): Promise<Stage> {
  const letters = Array.from({ length: 4 }, () => String.fromCharCode(97 + randomInt(26)));
  const environment = prefix + letters.join("");
  const clock = createHarvestClock();
  const world = await startEmbeddedWorld({
    ...{ environment, kubeconfig: process.env["KUBECONFIG"], now: clock.now, timerMs: 200, jobMs: 300 },
    data: generateDataConfiguration({ organisations: 4, jobs: 9, listed: 8 }),
  });
  const git = await startGitHttp(world.dir);
  const namespace = world.builderNamespace;
  const kubectl = (...args: string[]) => asAdmin([...args, "-n", namespace]);
  const asBuilder = kubectlAs(`system:serviceaccount:${namespace}:builder`);
  const base = {
    ...{ environment, project, suspend: true, strictErrorChecking: true },
    infrastructure: { tag: "master", source: onNode(`${git.url}/infrastructure.git`) },
    dataConfig: onNode(world.dataUrl),
    dns: world.names.map((entry) => ({ zone: world.zone.name, ...entry })),
    password: world.secrets.passwords,
    image: { ...image, pullPolicy: "Never" },
    podAnnotations: { "simulation.powo.kew.org/real": "true" },
  };
  const settings = {
    ...quick,
    API_PREFIX: onNode(world.harvesters.apiPrefix),
    SITE_PREFIX: onNode(world.harvesters.sitePrefix),
    CLOUD_DNS_ENDPOINT: onNode(world.dns.url),
  };

  const pods = async (job: string): Promise<Pod[]> => {
    const found = JSON.parse(await kubectl("get", "pods", "-l", `job-name=${job}`, "-o", "json"));
    return (found.items as PodObject[]).map(podOf).toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
  };
  const log = async (job: string): Promise<string> => {
    const last = (await pods(job)).at(-1);
    return last === undefined ? "" : kubectl("logs", last.name).catch(() => "");
  };
  const ended = async (job: string): Promise<JobEnd> => {
    const [condition] = await until(
      `the end of Job ${job}`,
      async () => conditionsOf(await kubectl("get", "job", job, "-o", "json")),
      (conditions) => conditions.length > 0,
    );
    const all = await pods(job);
    const exitCodes = all.flatMap(({ exitCode }) => exitCode ?? []);
    const { type: outcome = "", reason = "" } = condition ?? {};
    return { outcome, reason, exitCodes, log: await log(job), message: all.at(-1)?.message ?? "" };
  };
  const start: Stage["start"] = async (job, verb) => {
    const from = verb === undefined ? "builder" : `builder-${verb}`;
    await kubectl("create", "job", job, `--from=cronjob/${from}`);
  };
  return {
    ...{ world, clock, namespace, pods, log, ended, start, kubectl, dataUrl: base.dataConfig },
    kubectlWith: (input, ...args) => asAdmin(args, input),
    async install(values = {}) {
      const merged = { ...base, ...values, settings: { ...settings, ...values.settings } };
      const args = ["upgrade", "--install", "builder", chartDir, "-n", namespace, "--create-namespace"];
      const { exitCode, text } = await helmRun([...args, "-f", "-"], JSON.stringify(merged));
      if (exitCode !== 0) throw new Error(text);
      await untilPoliciesHold({ environment, kubectl: asBuilder });
    },
    helmTest: () => helmRun(["test", "builder", "-n", namespace, "--logs", "--timeout", "5m"]),
    logged: (job, pattern) =>
      until(
        `${String(pattern)} in the log of ${job}`,
        () => log(job),
        (text) => pattern.test(text),
      ),
    async run(job, verb) {
      await start(job, verb);
      return ended(job);
    },
    async state() {
      const { data } = JSON.parse(
        await kubectl("get", "configmap", `powo-builder-${environment}`, "-o", "json"),
      );
      return { run: JSON.parse(data["run.json"]) };
    },
    async stop() {
      await helmRun(["uninstall", "builder", "-n", namespace]);
      await git.close();
      await world.stop();
    },
  };
}

interface PodObject {
  metadata: { name: string; uid: string; creationTimestamp: string };
  status: { containerStatuses?: { state: { terminated?: { exitCode: number; message?: string } } }[] };
}

function podOf({ metadata, status }: PodObject): Pod {
  const terminated = status.containerStatuses?.[0]?.state.terminated;
  const { name, uid, creationTimestamp: createdAt } = metadata;
  return { name, uid, createdAt, exitCode: terminated?.exitCode, message: terminated?.message ?? "" };
}

function conditionsOf(job: string): { type: string; reason?: string }[] {
  const { status } = JSON.parse(job) as {
    status: { conditions?: { type: string; status: string; reason?: string }[] };
  };
  const over = (type: string) => type === "Complete" || type === "Failed";
  return (status.conditions ?? []).filter((one) => one.status === "True" && over(one.type));
}
