import { helmDuration, runHelm, type HelmOptions } from "./command.ts";
import { helmFailure, patienceMs } from "./failure.ts";

/** Works in every state, pending-install and uninstalling included. */
export function uninstallArguments(name: string, timeoutMs: number): string[] {
  return [
    "uninstall",
    name,
    "--namespace",
    name,
    "--ignore-not-found",
    "--wait",
    "--timeout",
    helmDuration(timeoutMs),
  ];
}

/**
 * Uninstalls and waits for the objects to be gone. Throws PermanentError HELM_FAILED, or TransientError when helm was
 * killed or the cluster went away.
 */
export async function uninstallRelease(
  options: HelmOptions,
  name: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const result = await runHelm(options, {
    args: uninstallArguments(name, timeoutMs),
    release: name,
    timeoutMs: patienceMs(timeoutMs),
    signal,
  });
  if (result.exitCode !== 0) throw await helmFailure(options, "uninstall", name, result, signal);
}
