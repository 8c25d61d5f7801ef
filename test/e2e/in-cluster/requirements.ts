/** What the tests of this folder need: the cluster with its real node, and the tools that make an image. */
import path from "node:path";
import { execa } from "execa";
import { asAdmin } from "../chart/cluster.ts";
import { unlessRequired, whyNoImage } from "../chart/image.ts";

/** The tool of the test cluster: beside this repository, unless POWO_CLUSTER_TOOL says where. */
const clusterTool =
  process.env["POWO_CLUSTER_TOOL"] ?? path.resolve(import.meta.dirname, "../../../../shared/cluster/cluster");

/** The cluster's folder holds its kubeconfig. */
const clusterDir = path.dirname(process.env["KUBECONFIG"] ?? "");

/** Runs `cluster COMMAND` on the cluster of KUBECONFIG; gives what it prints. */
export async function cluster(...args: string[]): Promise<string> {
  return (await execa(clusterTool, [...args, "--dir", clusterDir])).stdout.trim();
}

async function whyNoRealNode(): Promise<string | undefined> {
  const real = "simulation.powo.kew.org/node=real";
  const nodes = await asAdmin(["get", "nodes", "--selector", real, "--output", "name"]).catch(() => "");
  if (!nodes.includes("node/")) return "needs a real node: cluster up --real-node";
  return cluster("audit").then(
    () => undefined,
    () => "needs the cluster's tool: POWO_CLUSTER_TOOL",
  );
}

/** Why the image can't be run in the cluster here; undefined when it can. */
export async function whyNotInCluster(): Promise<string | undefined> {
  return unlessRequired((await whyNoImage()) ?? (await whyNoRealNode()));
}
