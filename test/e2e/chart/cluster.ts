/** The chart, installed by the real helm in the cluster of KUBECONFIG, and kubectl as its builder. */
import { randomInt } from "node:crypto";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { requireBinaries } from "../../tools/binaries.ts";

export const chartDir = path.resolve(import.meta.dirname, "../../../chart");
const { helm, kubectl } = await requireBinaries();

export interface Answer {
  exitCode: number;
  /** Standard output and error, in this order. */
  text: string;
}

async function run(file: string, args: string[], input = ""): Promise<Answer> {
  const { exitCode, stdout, stderr } = await execa(file, args, { input, reject: false });
  return { exitCode: exitCode ?? 1, text: `${stdout}\n${stderr}`.trim() };
}

/** kubectl as the administrator; fails when kubectl does. */
export async function asAdmin(args: string[], input?: string): Promise<string> {
  const { exitCode, text } = await run(kubectl, args, input);
  if (exitCode !== 0) throw new Error(`kubectl ${args.join(" ")}: ${text}`);
  return text;
}

/** kubectl with the rights of somebody else. */
export const kubectlAs =
  (user: string) =>
  (args: string[], input?: string): Promise<Answer> =>
    run(kubectl, ["--as", user, ...args], input);

export const helmRun = (args: string[], input?: string) => run(helm, args, input);

const nodes = await run(kubectl, ["get", "nodes", "-l", "simulation.powo.kew.org/node", "-o", "name"]);
/** Pods become ready without images, and fail when told to: only the test cluster of shared/cluster can. */
export const simulated = nodes.text.includes("node/");

export interface Builder {
  environment: string;
  namespace: string;
  user: string;
  /** The values that it is installed with. */
  values: object;
  /** kubectl with the rights of the builder's ServiceAccount. */
  kubectl(args: string[], input?: string): Promise<Answer>;
  /** Installs or upgrades the chart with more values. */
  install(values?: object): Promise<void>;
  /** Removes the chart and every namespace of this environment. */
  remove(): Promise<void>;
}

/** An environment of a name that nothing else uses, unless told. */
export function makeBuilder(prefix: string, given?: string): Builder {
  const environment =
    given ?? prefix + Array.from({ length: 4 }, () => String.fromCharCode(97 + randomInt(26))).join("");
  const namespace = `builder-${environment}`;
  const user = `system:serviceaccount:${namespace}:builder`;
  const base = {
    environment,
    project: "example-project",
    dataConfig: "https://storage.example.org/data.json",
    password: { harvester: "example" },
    suspend: true,
  };
  return {
    environment,
    namespace,
    user,
    values: base,
    kubectl: kubectlAs(user),
    async install(values = {}) {
      const args = [
        "upgrade",
        "--install",
        "builder",
        chartDir,
        "-n",
        namespace,
        "--create-namespace",
        "-f",
        "-",
      ];
      const { exitCode, text } = await helmRun(args, JSON.stringify({ ...base, ...values }));
      if (exitCode !== 0) throw new Error(text);
    },
    async remove() {
      await helmRun(["uninstall", "builder", "-n", namespace]);
      const all = (await asAdmin(["get", "namespaces", "-o", "name"])).split("\n");
      const mine = all
        .map((name) => name.replace("namespace/", ""))
        .filter((name) => name.includes(environment));
      if (mine.length > 0)
        await asAdmin(["delete", "namespace", "--ignore-not-found", "--wait=false", ...mine]);
    },
  };
}

/** A namespace as YAML for `apply -f -`. */
export function namespaceYaml(name: string, labels: object = {}, annotations: object = {}): string {
  return JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels, annotations } });
}

/** The labels the builder gives its namespaces. */
export const releaseLabels = (environment: string) => ({
  "app.kubernetes.io/managed-by": "powo-builder",
  "powo.kew.org/environment": environment,
  "powo.kew.org/run": "r1",
});

/** Asks until it is so; throws with the last thing seen. */
export async function until<T>(
  what: string,
  ask: () => Promise<T>,
  good: (answer: T) => boolean,
): Promise<T> {
  const deadline = Date.now() + 300_000;
  for (;;) {
    const answer = await ask();
    if (good(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`waited 5m for ${what}; last seen: ${JSON.stringify(answer)}`);
    await sleep(500);
  }
}

/** Policies take a moment to reach the API server: waits until one refuses. */
export async function untilPoliciesHold(builder: Pick<Builder, "environment" | "kubectl">): Promise<void> {
  const probe = ["create", "namespace", `${builder.environment}-nolab`, "--dry-run=server"];
  await until(
    "the admission policies",
    () => builder.kubectl(probe),
    ({ text }) => text.includes("must carry"),
  );
}
