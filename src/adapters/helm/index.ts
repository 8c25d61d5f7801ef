import * as z from "zod";
import type { ReleaseView, RenderedObject } from "../../domain/release.ts";
import { PermanentError, TransientError } from "../../errors.ts";
import type { Releases } from "../../ports/releases.ts";
import type { ProgramResult } from "../process/run-program.ts";
import {
  applyArguments,
  listArguments,
  manifestArguments,
  templateArguments,
  uninstallArguments,
} from "./arguments.ts";
import { runHelm, type HelmOptions } from "./command.ts";
import { parseManifests, readRendered } from "./manifests.ts";

export type { HelmOptions } from "./command.ts";

const readTimeoutMs = 60_000;
/** A release record holds at most 1 MiB, compressed; no chart that can be installed renders to more than this. */
const maxStdoutBytes = 64 * 1024 * 1024;
const listSchema = z.array(z.object({ name: z.string(), status: z.string(), revision: z.coerce.number() }));

/** Helm as a program: each method is one operation, none decides anything. */
export function createReleases(options: HelmOptions): Releases {
  const change = async (args: string[], timeoutMs: number, signal: AbortSignal) => {
    // Helm's timeout is for each of its operations (hooks, apply, wait): this is for all of them.
    const result = await runHelm(options, { args, timeoutMs: 2 * timeoutMs + 60_000, signal });
    if (result.exitCode !== 0) throw await helmFailure(options, args, result);
  };
  return {
    find: (name) => findRelease(options, name),
    findObjects: (name) => findObjects(options, name),
    async render(chart, signal) {
      const limits = { timeoutMs: readTimeoutMs, maxStdoutBytes };
      const args = templateArguments(chart);
      return readRendered(await runHelm(options, { args, ...limits, offline: true, signal }), chart);
    },
    install: (chart, signal) => change(applyArguments("install", chart), chart.timeoutMs, signal),
    upgrade: (chart, signal) => change(applyArguments("upgrade", chart), chart.timeoutMs, signal),
    uninstall: (name, timeoutMs, signal) => change(uninstallArguments(name, timeoutMs), timeoutMs, signal),
  };
}

/**
 * The release as `helm list` has it: the one question whose "not there" is no error, so nothing human needs to be
 * read. Throws TransientError when the cluster can't be asked.
 */
async function findRelease(options: HelmOptions, name: string): Promise<ReleaseView | undefined> {
  const result = await runHelm(options, { args: listArguments(name), timeoutMs: readTimeoutMs });
  const listed = listSchema.safeParse(parseJson(result));
  if (!listed.success) throw unreadable("the releases of the cluster", result);
  return listed.data
    .filter((release) => release.name === name)
    .toSorted((a, b) => b.revision - a.revision)[0];
}

/** The objects in a release's record; [] when there is none. */
async function findObjects(options: HelmOptions, name: string): Promise<RenderedObject[]> {
  if (!(await findRelease(options, name))) return [];
  const call = { args: manifestArguments(name), timeoutMs: readTimeoutMs, maxStdoutBytes };
  const result = await runHelm(options, call);
  if (result.exitCode !== 0) throw unreadable(`the record of ${name}`, result);
  return parseManifests(result.stdout);
}

/**
 * What a failed helm means. Its exit code says only "failed": an outage is told from a fault of the chart by asking
 * the cluster once more (throws TransientError when it can't be asked either).
 */
async function helmFailure(
  options: HelmOptions,
  [verb = "", name = ""]: readonly string[],
  { stderrLines }: ProgramResult,
): Promise<PermanentError> {
  const found = await findRelease(options, name);
  return new PermanentError("HELM_FAILED", `helm could not ${verb} ${name}`, {
    details: stderrLines,
    hint: found
      ? `look at it with: helm status ${name} -n ${name}`
      : `look at what there is with: kubectl get all -n ${name}`,
  });
}

function unreadable(what: string, { stderrLines }: ProgramResult): TransientError {
  return new TransientError("the Kubernetes API", `helm could not read ${what}`, { details: stderrLines });
}

/** undefined for what isn't JSON, and for a helm that failed. No release at all is no output in Helm 3. */
function parseJson({ exitCode, stdout }: ProgramResult): unknown {
  try {
    return exitCode === 0 ? (JSON.parse(stdout === "" ? "[]" : stdout) as unknown) : undefined;
  } catch {
    return undefined;
  }
}
