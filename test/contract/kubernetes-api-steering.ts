/** Steering: how objects are told to misbehave, for the length of a case. */
import { expect } from "vitest";
import type { Bench } from "./kubernetes-api.ts";
import type { Json } from "./kubernetes-api-clients.ts";
import { deployment } from "./kubernetes-api-changes.ts";

export interface Steering {
  /** Makes objects of the group's namespace with this name behave in a way, until healed. */
  rule: (name: string, behaviour: string) => Promise<void>;
  /** Takes all rules away. */
  heal: () => Promise<void>;
  podsOf: (selector: string) => Promise<Json[]>;
  /** Starts a Deployment of one pod. */
  started: (name: string, annotations?: Record<string, string>) => Promise<void>;
  /** The Deployment's pod, once its container waits for this reason. */
  waitingReason: (name: string, reason: string) => Promise<Json>;
  /** kubectl's table of the events with a reason. */
  events: (reason: string) => Promise<string>;
}

export function createSteering(bench: () => Bench): Steering {
  let rules = 0;
  const keys: string[] = [];
  const patchRules = (data: Record<string, string | null>) =>
    bench().clients.kubectl([
      "patch",
      "configmap",
      "simulation",
      "-n",
      "kube-system",
      "--type=merge",
      "-p",
      JSON.stringify({ data }),
    ]);
  /** Makes an object of the group's namespace behave in a way, until the case is over. */
  const rule = async (name: string, behaviour: string): Promise<void> => {
    const key = `${bench().namespace}-${rules++}`;
    keys.push(key);
    await patchRules({ [key]: `${bench().namespace}/${name} ${behaviour}` });
  };
  const heal = async (): Promise<void> => {
    if (keys.length > 0) await patchRules(Object.fromEntries(keys.splice(0).map((key) => [key, null])));
  };

  const podsOf = async (selector: string): Promise<Json[]> =>
    JSON.parse(
      await bench().clients.kubectl(["get", "pods", "-n", bench().namespace, "-l", selector, "-o", "json"]),
    ).items as Json[];
  const started = async (name: string, annotations: Record<string, string> = {}) =>
    bench().clients.apply(deployment(bench().namespace, name, annotations));
  const waitingReason = async (name: string, reason: string): Promise<Json> =>
    bench().clients.eventually(async () => {
      const [pod] = await podsOf(`app=${name}`);
      expect(pod.status.containerStatuses[0].state.waiting?.reason).toBe(reason);
      return pod;
    });
  const events = async (reason: string): Promise<string> =>
    bench().clients.kubectl([
      "get",
      "events",
      "-n",
      bench().namespace,
      "--field-selector",
      `reason=${reason}`,
    ]);
  return { rule, heal, podsOf, started, waitingReason, events };
}
