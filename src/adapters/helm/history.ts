import { z } from "zod";
import type { ReleaseView } from "../../domain/release.ts";
import { runHelm, type HelmOptions } from "./command.ts";
import { findListed, parseJson } from "./list.ts";

const revisions = z.array(
  z.object({ revision: z.coerce.number(), status: z.string(), description: z.string().default("") }),
);

const timeoutMs = 60_000;

/** `helm history` and not `helm status`, which prints the values, passwords included. */
export function historyArguments(name: string): string[] {
  return ["history", name, "--namespace", name, "--max", "1", "--output", "json"];
}

/**
 * The latest revision of a release, or undefined when there is none. Throws TransientError when the cluster can't be
 * asked.
 */
export async function findRelease(options: HelmOptions, name: string): Promise<ReleaseView | undefined> {
  const release = await findListed(options, name);
  if (!release) return undefined;
  const result = await runHelm(options, { args: historyArguments(name), timeoutMs });
  const parsed = revisions.safeParse(result.exitCode === 0 ? parseJson(result.stdout) : []);
  const latest = parsed.data?.at(-1);
  if (latest) return { name, ...latest };
  // It went away between the two questions, or the cluster did: the first question tells which.
  const again = await findListed(options, name);
  return again && { name, status: again.status, revision: again.revision, description: "" };
}
