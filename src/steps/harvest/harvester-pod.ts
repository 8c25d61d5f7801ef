import type { Ports } from "../../ports/index.ts";

/**
 * Which pod the harvester runs in and how often it has restarted, as one text: a change says that the harvester
 * died, and with it whatever job was under way (facts.md, 5). Empty when there is none.
 */
export async function harvesterPod(cluster: Ports["cluster"], release: string): Promise<string> {
  const pods = await cluster.findPods(release);
  const pod = pods.find(
    ({ component, terminating, phase }) => component === "harvester" && !terminating && phase === "Running",
  );
  if (!pod) return "";
  return `${pod.uid}/${pod.containers.filter(({ init }) => !init).reduce((sum, { restarts }) => sum + restarts, 0)}`;
}
