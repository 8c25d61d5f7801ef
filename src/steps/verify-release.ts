/** The last look before the swap: the new site answers as the public would see it. Nothing that fails here goes live. */
import { compareSites } from "../actions/compare-sites.ts";
import { requireAnswers, requireReady, targetsOf } from "../actions/probe-site.ts";
import { unlessGone } from "../actions/release-gone.ts";
import { acceptedText, changeText, type Gate, kindLines, lossLines, shortfalls } from "../domain/gate.ts";
import { acceptanceOf } from "../domain/reopening.ts";
import { lastOpening } from "../domain/run.ts";
import { count, joined, under } from "../domain/words.ts";
import { PermanentError } from "../errors.ts";
import type { Run } from "../pipeline/run.ts";
import { done, type Step } from "../pipeline/step.ts";
import type { SiteTarget } from "../ports/site.ts";

export const verifyRelease: Step = unlessGone({
  name: "verify-release",
  summary: "Check the new site before it goes live",
  async run(run) {
    const { release } = run.state;
    const [target] = targetsOf(run.settings, release);
    if (!target) throw new PermanentError("GATE_ANSWER", "no public name is mapped");
    await requireReady(run, release);
    const names = await requireAnswers(run, release);
    const { results, liveResults } = await requireCounts(run, target);
    await requireSentinels(run, target);
    const compared =
      liveResults === undefined
        ? "nothing live to compare with"
        : `live: ${count(liveResults)}, ${changeText(results, liveResults)}`;
    return done(`${count(results)} results (${compared}); ${names}`);
  },
});

/** Throws GATE_RESULTS or GATE_COUNTS where the new site holds too little; the comparison is kept either way. */
async function requireCounts(run: Run, target: SiteTarget): Promise<Gate> {
  const compared = await compareSites(run, target);
  const { counts = [] } = lastOpening(run.state)?.accepts ?? {};
  const short = shortfalls(compared);
  const isAccepted = ({ key, found }: (typeof short)[number]) =>
    counts.some(({ kind, found: least }) => kind === key && found !== undefined && found >= least);
  const texts = short.map(({ text }) => text);
  const accepted = short.length > 0 && short.every(isAccepted) ? acceptanceOf(run.state, texts) : undefined;
  const gate = { ...compared, ...(accepted && { accepted }) };
  await run.save({ gate });
  if (gate.results === 0 || (short.length > 0 && !accepted)) throw rejection(run, gate, texts);
  if (accepted) for (const text of texts) run.log.warn({}, `${acceptedText(accepted)}: ${text}`);
  const lines = comparisonLines(gate);
  if (lines.length > 0) run.log.info({}, joined(lines));
  return gate;
}

function rejection({ state: { release } }: Run, gate: Gate, short: readonly string[]): PermanentError {
  const isWhole = gate.results === 0 || gate.results < (gate.least ?? 0);
  const [first = "no results at all", ...others] = short;
  return new PermanentError(isWhole ? "GATE_RESULTS" : "GATE_COUNTS", `the new site finds ${first}`, {
    details: [...others, ...comparisonLines(gate)],
    hint: `look:  kubectl logs -n ${release} deploy/harvester`,
  });
}

function comparisonLines(gate: Gate): string[] {
  return [
    ...under("new site against live:", kindLines(gate)),
    ...under("sources that lost most since the last run that went live:", lossLines(gate)),
  ];
}

async function requireSentinels({ ports, settings }: Run, target: SiteTarget): Promise<void> {
  const { sentinels } = settings.gate;
  const missing: string[] = [];
  for (const id of sentinels) if (!(await ports.site.hasTaxon(target, id))) missing.push(id);
  if (missing.length === 0) return;
  const message = `the new site lacks ${missing.length} of ${sentinels.length} taxa that must be there`;
  throw new PermanentError("GATE_SENTINELS", message, {
    details: missing,
    hint: "if a taxon was withdrawn on purpose, take it off GATE_SENTINELS",
  });
}
