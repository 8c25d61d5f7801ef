/** The last look before the swap: the new site answers as the public would see it. Nothing that fails here goes live. */
import type { Settings } from "../config/settings.ts";
import { isAllReady, judgeReadiness, readinessText } from "../domain/readiness.ts";
import type { RunState } from "../domain/run-state.ts";
import { count } from "../domain/words.ts";
import { PermanentError, TransientError } from "../errors.ts";
import { done, type Step, type StepContext } from "../pipeline/step.ts";
import { waitFor } from "../pipeline/wait.ts";
import type { Ports } from "../ports/index.ts";
import type { SiteTarget } from "../ports/site.ts";

type Needs = Pick<Ports, "cluster" | "site">;

/** How long a hiccup of the new site may last before it counts as a failed gate. */
const hiccupMs = 60_000;

export const verifyRelease = (settings: Settings): Step<Needs, RunState> => ({
  name: "verify-release",
  summary: "Check the new site before it goes live",
  async run(ports, state, context) {
    await requireReady(ports, settings, state, context);
    await requireAnswers(ports, settings, state.release, context);
    const { results, liveResults } = await compareResults(ports, settings, state, context);
    await requireSentinels(ports, settings, state.release);
    const names = `${settings.mappings.length} of ${settings.mappings.length} names answer`;
    const compared =
      liveResults === undefined
        ? "nothing live to compare with"
        : `live: ${count(liveResults)}, ${change(results, liveResults)}`;
    const gate = liveResults === undefined ? { results } : { results, liveResults };
    return done(`${count(results)} results (${compared}); ${names}`, { gate });
  },
});

/** The public target of a mapping in a release. */
export function targetsOf({ mappings }: Settings, namespace: string): SiteTarget[] {
  return mappings.map(({ name, service }) => ({ namespace, service, host: name.replace(/\.$/, "") }));
}

/** Throws GATE_PODS unless every pod of the release is ready, now or within a minute. */
export async function requireReady(
  { cluster }: Pick<Needs, "cluster">,
  settings: Settings,
  { release }: RunState,
  context: StepContext<RunState>,
): Promise<void> {
  const mapped = settings.mappings.map(({ service }) => service);
  await waitFor(
    {
      code: "GATE_PODS",
      what: `${release} being ready`,
      intervalMs: 5_000,
      deadline: context.clock.now() + Math.min(hiccupMs, settings.podsTimeoutMs),
      hint: `look:  kubectl get pods -n ${release}`,
      look: async () => {
        const view = judgeReadiness(await cluster.observe(release), mapped);
        if (isAllReady(view)) return { done: true };
        return { seen: readinessText(view) };
      },
    },
    context,
  );
}

async function requireAnswers(
  { site }: Needs,
  settings: Settings,
  release: string,
  context: StepContext<RunState>,
): Promise<void> {
  for (const target of targetsOf(settings, release)) {
    await waitFor(
      {
        code: "GATE_ANSWER",
        what: `${target.service} answering for ${target.host}`,
        intervalMs: 5_000,
        deadline: context.clock.now() + Math.min(hiccupMs, settings.retryTimeoutMs),
        hint: `look:  kubectl logs -n ${release} deploy/${target.service}`,
        look: async () => {
          const probe = await site.probe(target);
          return probe.ok
            ? { done: true }
            : { seen: `${target.service} answers ${target.host} with ${probe.seen}` };
        },
      },
      context,
    );
  }
}

async function compareResults(
  { site }: Needs,
  settings: Settings,
  { release, previous }: RunState,
  { log, signal }: StepContext<RunState>,
): Promise<{ results: number; liveResults: number | undefined }> {
  const [target] = targetsOf(settings, release);
  if (!target) throw new PermanentError("GATE_ANSWER", "no public name is mapped");
  const results = await site.totalResults(target);
  const live = previous?.find((name) => name !== release);
  const liveResults =
    live === undefined ? undefined : await liveResultsOf(site, { ...target, namespace: live }, log, signal);
  const least = (liveResults ?? 0) * settings.gate.minShare;
  if (results > 0 && results >= least) return { results, liveResults };
  const against =
    liveResults === undefined
      ? ""
      : `; live has ${count(liveResults)}, and at least ${settings.gate.minShare} of that is wanted`;
  throw new PermanentError("GATE_RESULTS", `the new site finds ${count(results)} results${against}`, {
    hint: `if that is right, start again with a lower GATE_MIN_SHARE; look:  kubectl logs -n ${release} deploy/harvester`,
  });
}

/** A live site that can't be asked must not keep a good one from replacing it. */
async function liveResultsOf(
  site: Ports["site"],
  target: SiteTarget,
  log: StepContext<RunState>["log"],
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    return await site.totalResults(target);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TransientError || error instanceof PermanentError)) throw error;
    log.warn(
      { code: error.code },
      `the live site ${target.namespace} can't be asked (${error.message}); nothing to compare with`,
    );
    return undefined;
  }
}

async function requireSentinels({ site }: Needs, settings: Settings, release: string): Promise<void> {
  const [target] = targetsOf(settings, release);
  if (!target) return;
  const missing: string[] = [];
  for (const id of settings.gate.sentinels) if (!(await site.hasTaxon(target, id))) missing.push(id);
  if (missing.length === 0) return;
  throw new PermanentError(
    "GATE_SENTINELS",
    `the new site lacks ${missing.length} of ${settings.gate.sentinels.length} taxa that must be there`,
    {
      details: missing,
      hint: "a taxon that was really withdrawn is taken off GATE_SENTINELS",
    },
  );
}

function change(results: number, liveResults: number): string {
  if (liveResults === 0) return "new";
  const percent = ((results - liveResults) / liveResults) * 100;
  return `${percent >= 0 ? "+" : "-"}${Math.abs(percent).toFixed(1)} %`;
}
