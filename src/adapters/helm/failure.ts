import { PermanentError, type BuilderError } from "../../errors.ts";
import type { ProgramResult } from "../process/run-program.ts";
import type { HelmOptions } from "./command.ts";
import { findListed } from "./list.ts";

/** Helm's timeout is for each of its operations (hooks, apply, wait): this is for all of them. */
export function patienceMs(timeoutMs: number): number {
  return 2 * timeoutMs + 60_000;
}

/**
 * What a failed helm means. Its exit code says only "failed": an outage is told from a fault of the chart by asking
 * the cluster once more (throws TransientError when it can't be asked either).
 */
export async function helmFailure(
  options: HelmOptions,
  verb: "install" | "upgrade" | "uninstall",
  name: string,
  result: ProgramResult,
  signal: AbortSignal,
): Promise<BuilderError> {
  const listed = await findListed(options, name, signal);
  return new PermanentError("HELM_FAILED", `helm could not ${verb} ${name}`, {
    details: result.stderrLines,
    hint: listed
      ? `look at it with: helm status ${name} -n ${name}`
      : `look at what there is with: kubectl get all -n ${name}`,
  });
}
