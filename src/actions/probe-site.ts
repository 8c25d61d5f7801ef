/** Whether a release is ready and answers as the public would see it. */
import { count } from "../domain/words.ts";
import { isAllReady, judgeReadiness, readinessText, type Readiness } from "../domain/readiness.ts";
import { TransientError } from "../errors.ts";
import { isAccessRefused } from "../pipeline/retry.ts";
import type { Task } from "../pipeline/task.ts";
import { waitFor } from "../pipeline/wait.ts";
import type { SiteTarget } from "../ports/site.ts";

/** How long a hiccup of a release may last before it counts. */
const hiccupMs = 60_000;

/** The public target of each mapping in a release. */
export function targetsOf({ mappings }: Task["settings"], namespace: string): SiteTarget[] {
  return mappings.map(({ name, service }) => ({ namespace, service, host: name.replace(/\.$/, "") }));
}

/** How ready a release is now, with the addresses of its mapped services. */
export async function readReadiness({ ports, settings }: Task, release: string): Promise<Readiness> {
  const mapped = settings.mappings.map(({ service }) => service);
  return judgeReadiness(await ports.cluster.observe(release), mapped);
}

/** The addresses of a release whose pods are all ready, now or within a minute. Throws TimeoutError GATE_PODS. */
export function requireReady(task: Task, release: string): Promise<Readonly<Record<string, string>>> {
  return waitFor(
    {
      code: "GATE_PODS",
      what: `${release} being ready`,
      timeoutMs: Math.min(hiccupMs, task.settings.podsTimeoutMs),
      hint: `look:  kubectl get pods -n ${release}`,
      look: async () => {
        const view = await readReadiness(task, release);
        return isAllReady(view) ? { done: view.addresses } : { seen: readinessText(view) };
      },
    },
    task,
  );
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
        what: `${target.service} answering for ${target.host}`,
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
