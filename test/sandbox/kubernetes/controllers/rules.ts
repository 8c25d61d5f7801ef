/** The ConfigMap kube-system/simulation: how objects are to behave, and how fast things happen. */
import type { KubeObject } from "../types.ts";

const prefix = "simulation.powo.kew.org/";
const behaviourAnnotation = `${prefix}behaviour`;

const behaviours = [
  "never-ready",
  "slow",
  "image-pull-back-off",
  "crash-loop",
  "stuck-in-init",
  "ignores-sigterm",
  "evicted",
  "unschedulable",
  "pvc-pending",
  "no-load-balancer",
];

/** A word and sometimes an argument, as in `slow:30s`. */
export interface Behaviour {
  name: string;
  argument: string;
}

interface Rule extends Behaviour {
  namespace: RegExp;
  object: RegExp;
}

export interface Config {
  rules: Rule[];
  podMs: number;
  stopMs: number;
  jobMs: number;
  volumeMs: number;
  loadBalancerMs: number;
}

const delays = {
  "delay-pod": "podMs",
  "delay-stop": "stopMs",
  "delay-job": "jobMs",
  "delay-volume": "volumeMs",
  "delay-load-balancer": "loadBalancerMs",
} as const;

export const defaultConfig = (): Config => ({
  rules: [],
  podMs: 200,
  stopMs: 50,
  jobMs: 200,
  volumeMs: 0,
  loadBalancerMs: 300,
});

/** A Go duration in milliseconds; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  if (text === "0") return 0;
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * units[unit!]!, 0);
}

/** Reads the ConfigMap's data; what can't be read is left out and told as problems. */
export function parseConfig(data: Record<string, string>): { config: Config; problems: string[] } {
  const config = defaultConfig();
  const problems: string[] = [];
  for (const key of Object.keys(data).sort()) {
    const value = data[key]!.trim();
    if (key in delays) {
      const parsed = parseDuration(value);
      if (parsed === undefined) problems.push(`${key}: time: invalid duration ${JSON.stringify(value)}`);
      else config[delays[key as keyof typeof delays]] = parsed;
      continue;
    }
    const rule = parseRule(value);
    if (typeof rule === "string") problems.push(`${key}: ${rule}`);
    else config.rules.push(rule);
  }
  return { config, problems };
}

/** The rule, or why it is none. */
function parseRule(text: string): Rule | string {
  const [, namespace, name, behaviour = ""] = /^([^/\s]*)\/(\S*)\s*(.*)$/.exec(text) ?? [];
  if (namespace === undefined || name === undefined)
    return `${JSON.stringify(text)} is not "<namespace>/<name> <behaviour>"`;
  const parsed = parseBehaviour(behaviour);
  return typeof parsed === "string" ? parsed : { namespace: glob(namespace), object: glob(name), ...parsed };
}

function parseBehaviour(text: string): Behaviour | string {
  const [, name = "", argument = ""] = /^([^:]*):?(.*)$/.exec(text.trim()) ?? [];
  if (!behaviours.includes(name))
    return `unknown behaviour ${JSON.stringify(name)}; known: ${behaviours.join(", ")}`;
  if (name === "slow" && parseDuration(argument) === undefined) {
    return `slow needs a duration, as in slow:30s: time: invalid duration ${JSON.stringify(argument)}`;
  }
  return { name, argument };
}

const glob = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|\\]/g, "\\$&")
      .replaceAll("*", "[^/]*")
      .replaceAll("?", "[^/]")}$`,
  );

const normal: Behaviour = { name: "", argument: "" };

/** How an object behaves: its own annotation first, then the first rule that matches. */
export function behaviourOf(config: Config, { metadata }: KubeObject): Behaviour {
  const own = parseBehaviour(metadata.annotations?.[behaviourAnnotation] ?? "");
  if (typeof own !== "string") return own;
  const labels = metadata.labels ?? {};
  const names = [
    metadata.name,
    labels.name,
    labels["app.kubernetes.io/name"],
    labels.app,
    labels["batch.kubernetes.io/job-name"],
  ].filter((name) => name !== undefined && name !== "") as string[];
  const rule = config.rules.find(
    ({ namespace, object }) =>
      namespace.test(metadata.namespace ?? "") && names.some((name) => object.test(name)),
  );
  return rule ? { name: rule.name, argument: rule.argument } : normal;
}
