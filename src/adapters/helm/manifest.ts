import type { RenderedObject } from "../../domain/release.ts";
import { runHelm, type HelmOptions } from "./command.ts";
import { findListed } from "./list.ts";
import { parseManifests } from "./template.ts";

const timeoutMs = 60_000;
const maxStdoutBytes = 64 * 1024 * 1024;

export function manifestArguments(name: string): string[] {
  return ["get", "manifest", name, "--namespace", name];
}

/** The objects in a release's record; [] when there is none. Throws TransientError when the cluster can't be asked. */
export async function findObjects(options: HelmOptions, name: string): Promise<RenderedObject[]> {
  if (!(await findListed(options, name))) return [];
  const result = await runHelm(options, { args: manifestArguments(name), timeoutMs, maxStdoutBytes });
  return result.exitCode === 0 ? parseManifests(result.stdout) : [];
}
