import { z } from "zod";
import { TransientError } from "../../errors.ts";
import { runHelm, type HelmOptions } from "./command.ts";

const listed = z.array(z.object({ name: z.string(), status: z.string(), revision: z.coerce.number() }));

const timeoutMs = 60_000;

/**
 * `helm list` in every state. Helm 4 lists them all by itself; Helm 3 needs to be told, and both understand these.
 */
export function listArguments(name: string): string[] {
  const states = ["--deployed", "--failed", "--pending", "--superseded", "--uninstalling", "--uninstalled"];
  return ["list", "--namespace", name, "--filter", `^${name}$`, ...states, "--output", "json"];
}

/**
 * The release as `helm list` has it: the one question whose "not there" is no error, so nothing human needs to be
 * read. Throws TransientError when the cluster can't be asked.
 */
export async function findListed(
  options: HelmOptions,
  name: string,
  signal?: AbortSignal,
): Promise<z.infer<typeof listed>[number] | undefined> {
  const result = await runHelm(options, { args: listArguments(name), timeoutMs, signal });
  const releases = listed.safeParse(result.exitCode === 0 ? parseJson(result.stdout) : undefined);
  if (!releases.success) {
    throw new TransientError("the Kubernetes API", "helm could not read the releases of the cluster", {
      details: result.stderrLines,
    });
  }
  return releases.data
    .filter((release) => release.name === name)
    .toSorted((a, b) => b.revision - a.revision)[0];
}

/** undefined for what isn't JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text === "" ? "[]" : text) as unknown;
  } catch {
    return undefined;
  }
}
