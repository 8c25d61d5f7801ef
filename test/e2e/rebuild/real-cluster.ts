/** The cluster of KUBECONFIG, the tool that runs it, and the data configurations of production where they are there. */
import { randomInt } from "node:crypto";
import { access, readFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { generateDataConfiguration } from "../../fixtures/data-configuration.ts";
import type { DataConfiguration } from "../../sandbox/harvester/data-configuration.ts";

const root = path.resolve(import.meta.dirname, "../../..");

export const kubeconfig = process.env["KUBECONFIG"] ?? "";
if (kubeconfig === "") throw new Error("KUBECONFIG has to point at a test cluster");

/** An environment that nothing else in the cluster uses. */
export const newEnvironment = (prefix: string): string =>
  prefix + Array.from({ length: 4 }, () => String.fromCharCode(97 + randomInt(26))).join("");

export interface NamedData {
  name: string;
  data: DataConfiguration;
}

/** The documents of production and test from POWO_DATA_DIR or beside the repository; else one of their shape. */
export async function productionData(): Promise<[NamedData, ...NamedData[]]> {
  const folders = [process.env["POWO_DATA_DIR"], path.join(root, "../shared/data")];
  for (const folder of folders.filter((candidate) => candidate !== undefined)) {
    const found = await Promise.all(
      ["data-prod.json", "data-test.json"].map((name) => readData(folder, name)),
    );
    const [first, ...more] = found.filter((entry) => entry !== undefined);
    if (first) return [first, ...more];
  }
  return [{ name: "a generated data configuration", data: generateDataConfiguration() }];
}

async function readData(folder: string, name: string): Promise<NamedData | undefined> {
  const text = await readFile(path.join(folder, name), "utf8").catch(() => undefined);
  return text === undefined ? undefined : { name, data: JSON.parse(text) as DataConfiguration };
}

/** Kills and starts components of the control plane; undefined where only somebody else could. */
export async function findClusterTool(): Promise<((...args: string[]) => Promise<unknown>) | undefined> {
  const tool = process.env["POWO_CLUSTER_TOOL"] ?? path.join(root, "../shared/cluster/cluster");
  const dir = process.env["POWO_CLUSTER_DIR"] ?? path.dirname(kubeconfig);
  const present = await access(tool).then(
    () => true,
    () => false,
  );
  if (!present) return undefined;
  const run = (...args: string[]) => execa(tool, [...args, "--dir", dir]);
  // Its own cluster, and not one of the same tool elsewhere.
  const { stdout } = await run("kubeconfig").catch(() => ({ stdout: "" }));
  return stdout.trim() === kubeconfig ? run : undefined;
}
