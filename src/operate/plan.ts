/** What `run` would do now. Reads only: the ports refuse every effect. */
import { requireChecks } from "../actions/checks/index.ts";
import { findInstalled, judgeLeftovers } from "../actions/read-live.ts";
import type { RecordSet } from "../domain/dns-records.ts";
import { planSwap } from "../domain/dns-plan.ts";
import { changedImages, compareImages, imageText } from "../domain/images.ts";
import type { RenderedObject } from "../domain/release.ts";
import { currentStep, isOver, replacedBy } from "../domain/run.ts";
import { titled } from "../domain/words.ts";
import { readOnly } from "../pipeline/guard.ts";
import { readState } from "../pipeline/state.ts";
import type { Task } from "../pipeline/task.ts";
import { taskOf, type World } from "../pipeline/world.ts";

type Plan = Awaited<ReturnType<typeof makePlan>>;

/** Makes the plan. Throws ConfigError with all problems, like preflight. */
export async function makePlan(world: World, signal: AbortSignal) {
  const task = taskOf(world, "plan", readOnly, { signal, refusals: "mistake" });
  const { environment, deleteExisting, retainPreviousMs } = task.settings;
  const { run, history } = await readState(world, signal);
  const { chart, data, live, warnings, rendered } = await requireChecks(task);
  const [current] = live.releases;
  const before = await findInstalled(task, current);
  const unreadable = `${current ?? ""} was not installed by this builder, which can't read it: nothing to compare with`;
  const good = history.runs.findLast(({ phase }) => phase === "succeeded");
  const unfinished = run && !isOver(run.phase) ? run : undefined;
  const inUse = unfinished ? [...replacedBy(unfinished), unfinished.release] : live.releases;
  const leftovers = judgeLeftovers(live, inUse).filter(({ stays }) => stays === undefined);
  return {
    environment,
    /** The unfinished run that would be resumed instead. */
    resumes: unfinished && {
      ...{ runId: unfinished.runId, release: unfinished.release },
      step: currentStep(unfinished)?.name ?? "its end",
    },
    live: live.releases,
    chart: {
      ...{ version: chart.version, commit: chart.commit },
      changedSinceLastGoodRun: good && good.inputs?.chartCommit !== chart.commit,
    },
    data: {
      ...{ sha256: data.sha256, summary: data.summary },
      changedSinceLastGoodRun: good && good.inputs?.dataSha256 !== data.sha256,
    },
    /** Container images that differ from the live release's: component/container. */
    images: changedImages(compareImages(before ?? rendered, rendered)),
    objects: diffObjects(before ?? rendered, rendered),
    /** Names and where they point now; the new addresses are known only after the install. */
    dns: movesOf(task, live.records),
    deletedBeforeInstall: leftovers.map(({ name }) => name),
    deletedAtTheEnd: deleteExisting && retainPreviousMs === 0 ? live.releases : [],
    warnings: before ? warnings : [...warnings, unreadable],
  };
}

function movesOf({ settings: { mappings } }: Task, current: readonly RecordSet[]) {
  // Any address serves: it is only asked which names would change, and from what.
  const addresses = Object.fromEntries(mappings.map(({ service }) => [service, "new"]));
  const plan = planSwap({ mappings, addresses, before: current, current, written: [] });
  const moves = plan.kind === "change" ? plan.moves : [];
  return moves.map(({ name, from, ttlSeconds }) => {
    const service = mappings.find((mapping) => mapping.name === name)?.service ?? "";
    return { name, now: from, ttlSeconds, service };
  });
}

/**
 * Objects that the live release lacks, no longer has, or has with another content: Kind/name. Secrets are compared by
 * name only: their content is not shown.
 */
function diffObjects(before: readonly RenderedObject[], after: readonly RenderedObject[]) {
  const byName = (objects: readonly RenderedObject[]) =>
    new Map(
      objects.map(({ kind, name, manifest }) => [
        `${kind}/${name}`,
        kind === "Secret" ? "" : JSON.stringify({ ...manifest, metadata: undefined }),
      ]),
    );
  const [old, next] = [byName(before), byName(after)];
  const names = [...new Set([...old.keys(), ...next.keys()])].sort();
  return {
    added: names.filter((name) => !old.has(name)),
    removed: names.filter((name) => !next.has(name)),
    changed: names.filter((name) => old.has(name) && next.has(name) && old.get(name) !== next.get(name)),
  };
}

export function planLines(plan: Plan): string[] {
  const { resumes, live, chart, data, images, objects, dns, warnings } = plan;
  const since = ({ changedSinceLastGoodRun: changed }: Plan["chart"] | Plan["data"]) => {
    if (changed === undefined) return "";
    return changed ? "  (changed since the last good run)" : "  (as in the last good run)";
  };
  const resumed = `run ${resumes?.runId} (${resumes?.release}) at ${resumes?.step}; below is what a new run would do`;
  const moves = dns.map(
    ({ name, now = "(missing)", ttlSeconds: ttl, service }) =>
      `${name}  ${now} → the new ${service}  TTL ${ttl}s`,
  );
  return [
    resumes ? titled("resumes", resumed) : [],
    titled("live", live.join(" and ") || `nothing of ${plan.environment}`),
    titled("chart", `${chart.version} at ${chart.commit.slice(0, 14)}${since(chart)}`),
    titled("data", `sha256 ${data.sha256.slice(0, 8)}…: ${data.summary}${since(data)}`),
    titled("images", ...images.map(imageText)),
    titled("added", ...objects.added),
    titled("removed", ...objects.removed),
    titled("changed", ...objects.changed),
    titled("dns", ...moves),
    titled(
      "deletes",
      ...plan.deletedBeforeInstall.map((name) => `${name}  before the install`),
      ...plan.deletedAtTheEnd.map((name) => `${name}  at the end`),
    ),
    ...warnings.map((warning) => titled("warning", warning)),
    ["nothing was changed"],
  ].flat();
}
