import type { ProgramResult } from "../process/run-program.ts";
import { runHelm, type HelmOptions } from "./command.ts";

export interface ChartPull {
  /** `oci://…`, with a tag or digest where one is wanted. */
  reference: string;
  version?: string | undefined;
  /** Folder that gets the chart's folder. */
  targetDir: string;
  plainHttp: boolean;
}

const timeoutMs = 5 * 60_000;

export function pullArguments(pull: ChartPull): string[] {
  return [
    "pull",
    pull.reference,
    ...(pull.version === undefined ? [] : ["--version", pull.version]),
    ...(pull.plainHttp ? ["--plain-http"] : []),
    "--untar",
    "--untardir",
    pull.targetDir,
  ];
}

/** Fetches a chart from a registry and unpacks it; what its exit code means is for the caller to say. */
export function pullChart(
  options: HelmOptions,
  pull: ChartPull,
  signal: AbortSignal,
): Promise<ProgramResult> {
  return runHelm(options, { args: pullArguments(pull), timeoutMs, offline: true, signal });
}
