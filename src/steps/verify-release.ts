/** The last look before the swap: the new site answers as the public would see it. Nothing that fails here goes live. */
import type { Settings } from "../config/settings.ts";
import { acceptCommand } from "../domain/commands.ts";
import {
  acceptedText,
  changeText,
  type Gate,
  isAccepted,
  kindLines,
  lossLines,
  shortfalls,
} from "../domain/gate.ts";
import { isAllReady, judgeReadiness, readinessText } from "../domain/readiness.ts";
import type { RunState } from "../domain/run-state.ts";
import { count } from "../domain/words.ts";
import { PermanentError } from "../errors.ts";
import { done, type Step, type StepContext } from "../pipeline/step.ts";
import { waitFor } from "../pipeline/wait.ts";
import type { Ports } from "../ports/index.ts";
import type { SiteTarget } from "../ports/site.ts";
import { compareSites } from "./verify/compare.ts";

type Needs = Pick<Ports, "cluster" | "site">;

/** How long a hiccup of the new site may last before it counts as a failed gate. */
const hiccupMs = 60_000;

export const verifyRelease = (settings: Settings): Step<Needs, RunState> => ({
  name: "verify-release",
  summary: "Check the new site before it goes live",
  async run(ports, state, context) {
    await requireReady(ports, settings, state, context);
    await requireAnswers(ports, settings, state.release, context);
    const gate = await requireCounts(ports, settings, state, context);
    await requireSentinels(ports, settings, state.release);
    const { results, liveResults } = gate;
    const names = `${settings.mappings.length} of ${settings.mappings.length} names answer`;
    const compared =
      liveResults === undefined
        ? "nothing live to compare with"
        : `live: ${count(liveResults)}, ${changeText(results, liveResults)}`;
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

/** Throws GATE_RESULTS or GATE_COUNTS where the new site holds too little, unless that was accepted; the comparison is kept either way. */
async function requireCounts(
  { site }: Needs,
  settings: Settings,
  state: RunState,
  context: StepContext<RunState>,
): Promise<Gate> {
  const [target] = targetsOf(settings, state.release);
  if (!target) throw new PermanentError("GATE_ANSWER", "no public name is mapped");
  const gate = await compareSites(site, settings, target, state, context);
  const short = shortfalls(gate).map(({ text }) => text);
  const tell = () => {
    const lines = comparisonLines(gate);
    if (lines.length > 0) context.log.info({}, lines.join("\n"));
  };
  if (gate.results > 0 && short.length === 0) {
    tell();
    return gate;
  }
  if (state.acceptance && isAccepted(gate, state.acceptance)) {
    const { of, reason, by, at } = state.acceptance;
    const accepted = { of, reason, by, at, what: short };
    tell();
    context.log.warn({ by }, [...short, acceptedText(accepted)].join("\n"));
    return { ...gate, accepted };
  }
  await context.save({ gate });
  throw rejection(gate, short, settings, state);
}

/** Why the site may not go live, and how the next one may. */
function rejection(
  gate: Gate,
  short: readonly string[],
  { builderNamespace }: Settings,
  { release, runId, acceptance }: RunState,
): PermanentError {
  const look = `kubectl logs -n ${release} deploy/harvester`;
  const whole = gate.results === 0 || gate.results < (gate.least ?? 0);
  const [message = "no results at all", ...others] = short;
  const refused = acceptance ? [`this is less than what was accepted after run ${acceptance.of}`] : [];
  const details = [...others, ...refused, ...comparisonLines(gate)];
  const hint =
    gate.results === 0
      ? `look:  ${look}`
      : `look:  ${look}; if it is right as it is, start again and say why:  ${acceptCommand(runId, builderNamespace)}`;
  const found = `the new site finds ${message}`;
  return whole
    ? new PermanentError("GATE_RESULTS", found, { details, hint })
    : new PermanentError("GATE_COUNTS", found, { details, hint });
}

function comparisonLines(gate: Gate): string[] {
  const [kinds, losses] = [kindLines(gate), lossLines(gate)];
  return [
    ...(kinds.length > 0 ? ["new site against live:", ...kinds.map((line) => `  ${line}`)] : []),
    ...(losses.length > 0
      ? ["sources that lost most since the last run that went live:", ...losses.map((line) => `  ${line}`)]
      : []),
  ];
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
