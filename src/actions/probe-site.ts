/** Whether a release is ready and answers as the public would see it. */
import { findOwnServices } from "../domain/own-services.ts";
import type { RenderedObject } from "../domain/release.ts";
import { count } from "../domain/words.ts";
import { isAllReady, judgeReadiness, readinessText, type Readiness } from "../domain/readiness.ts";
import { RefusedError, TransientError } from "../errors.ts";
import { isAccessRefused } from "../pipeline/retry.ts";
import type { Task } from "../pipeline/task.ts";
import { waitFor, type Wait } from "../pipeline/wait.ts";
import type { SiteTarget } from "../ports/site.ts";
import { findInstalled } from "./read-live.ts";

const hiccupMs = 60_000;

/** The public target of each mapping in a release. */
export function targetsOf({ mappings }: Task["settings"], namespace: string): SiteTarget[] {
  return mappings.map(({ name, service }) => ({ namespace, service, host: name.replace(/\.$/, "") }));
}

/** Reads, at every call, how ready a release is, with its mapped Services and others of their names; its manifest is read once. */
export function readinessOf(task: Task, release: string): () => Promise<Readiness & { rivals: string[] }> {
  const mapped = task.settings.mappings.map(({ service }) => service);
  let manifest: RenderedObject[] | undefined;
  return async () => {
    manifest ??= await findInstalled(task, release);
    const seen = await task.ports.cluster.observe(release);
    const { services, rivals } = findOwnServices(seen.services, mapped, { release, manifest });
    return { ...judgeReadiness({ ...seen, services }, mapped), rivals };
  };
}

/**
 * As readinessOf. Throws RefusedError SERVICE_AMBIGUOUS where another Service bears the name of a mapped one: somebody has
 * erred, or wants to be taken for the site.
 */
function lookAtReadiness(task: Task, release: string): () => Promise<Readiness> {
  const read = readinessOf(task, release);
  return async () => {
    const { rivals, ...view } = await read();
    if (rivals.length === 0) return view;
    const message = `can't tell which Service of ${release} is the site's`;
    const hint = `look:  kubectl get services -n ${release} --show-labels; delete what is not the chart's`;
    throw new RefusedError("SERVICE_AMBIGUOUS", message, { details: rivals, hint });
  };
}

interface ReadyWait extends Pick<Wait<never>, "code" | "timeoutMs" | "hint" | "explain"> {
  /** Looks at what is not ready yet, and throws where waiting can't help. */
  judge?: (view: Readiness) => Promise<void>;
}

/** The addresses of a release once its pods are all ready. Throws TimeoutError with the code given, and like the look. */
export function waitUntilReady(task: Task, release: string, { judge, ...wait }: ReadyWait) {
  const look = lookAtReadiness(task, release);
  return waitFor<Readiness["addresses"]>(
    {
      ...wait,
      what: `${release} is not ready`,
      look: async () => {
        const view = await look();
        if (isAllReady(view)) return { done: view.addresses };
        await judge?.(view);
        return { seen: readinessText(view) };
      },
    },
    task,
  );
}

/** The same for one that was ready before: now or within a minute. Throws TimeoutError GATE_PODS, and like the look. */
export function requireReady(task: Task, release: string) {
  const timeoutMs = Math.min(hiccupMs, task.settings.podsTimeoutMs);
  const hint = `look:  kubectl get pods -n ${release}`;
  return waitUntilReady(task, release, { code: "GATE_PODS", timeoutMs, hint });
}

/** The first thing wrong with any of the names of a release, asked once; undefined: all of them answer well. */
export async function probeRelease({ ports, settings }: Task, release: string): Promise<string | undefined> {
  const targets = targetsOf(settings, release);
  const probes = await Promise.all(targets.map((target) => ports.site.probe(target)));
  for (const [index, probe] of probes.entries())
    if (!probe.ok) return `${targets[index]?.host ?? ""}: ${probe.seen}`;
  return undefined;
}

/**
 * Throws TransientError where a release's public face refuses the builder, which a gateway before it would still do after
 * days of harvest. What else an empty site answers says nothing.
 */
export async function requireAdmitted({ ports, settings }: Task, release: string): Promise<void> {
  for (const target of targetsOf(settings, release)) {
    const probe = await ports.site.probe(target);
    if (probe.ok || !isAccessRefused(probe.status)) continue;
    const hint = "SITE_PREFIX is where the new site is asked before it goes live";
    const refusal = { status: probe.status, release, hint };
    throw new TransientError("the site", `${target.service} answers ${target.host}: ${probe.seen}`, refusal);
  }
}

/** Returns how many names answer, all of them, now or within a minute. Throws TimeoutError GATE_ANSWER. */
export async function requireAnswers(task: Task, release: string): Promise<string> {
  const { settings, ports } = task;
  for (const target of targetsOf(settings, release))
    await waitFor(
      {
        code: "GATE_ANSWER",
        what: `${target.service} does not answer for ${target.host}`,
        timeoutMs: Math.min(hiccupMs, settings.retryTimeoutMs),
        hint: `look:  kubectl logs -n ${release} deploy/${target.service}`,
        look: async () => {
          const probe = await ports.site.probe(target);
          if (probe.ok) return { done: true };
          return { seen: `${target.service} answers ${target.host} with ${probe.seen}` };
        },
      },
      task,
    );
  const names = count(settings.mappings.length);
  return `${names} of ${names} names answer`;
}
