/** What `run` would do now. Reads only: the ports refuse every effect. */
import { findInstalled } from "../actions/checks/images.ts";
import { requireChecks } from "../actions/checks/index.ts";
import { judgeLeftovers } from "../actions/read-live.ts";
import type { RecordSet } from "../domain/dns-records.ts";
import { planSwap } from "../domain/dns-plan.ts";
import { changedImages, compareImages, type ImageChange } from "../domain/images.ts";
import type { RenderedObject } from "../domain/release.ts";
import { currentStep, isOver, replacedBy } from "../domain/run.ts";
import { readOnly } from "../pipeline/guard.ts";
import { readState } from "../pipeline/state.ts";
import type { Task } from "../pipeline/task.ts";
import { taskOf, type World } from "../pipeline/world.ts";

/** The stable shape of `plan -o json`. */
export interface Plan {
  environment: string;
  /** The unfinished run that would be resumed instead. */
  resumes?: { runId: string; release: string; step: string };
  live: string[];
  chart: { version: string; commit: string; changedSinceLastGoodRun: boolean | undefined };
  data: { sha256: string; summary: string; changedSinceLastGoodRun: boolean | undefined };
  /** Container images that differ from the live release's: component/container. */
  images: ImageChange[];
  /** Objects that the live release lacks, no longer has, or has with another content: Kind/name. */
  objects: { added: string[]; removed: string[]; changed: string[] };
  /** Names and where they point now; the new addresses are known only after the install. */
  dns: { name: string; now: string | undefined; ttlSeconds: number; service: string }[];
  deletedBeforeInstall: string[];
  deletedAtTheEnd: string[];
  warnings: string[];
}

/** Makes the plan. Throws ConfigError with all problems, like preflight. */
export async function makePlan(world: World, signal: AbortSignal): Promise<Plan> {
  const task = taskOf(world, "plan", readOnly, { signal, refusals: "mistake" });
  const { settings } = task;
  const { run, history } = await readState(world, signal);
  const { chart, data, live, warnings, rendered } = await requireChecks(task);
  const [current] = live.releases;
  const before = await findInstalled(task, current);
  if (!before)
    warnings.push(
      `${current ?? ""} was not installed by this builder, which can't read it: nothing to compare with`,
    );
  const good = history.runs.findLast(({ phase }) => phase === "succeeded");
  const unfinished = run && !isOver(run.phase) ? run : undefined;
  const inUse = unfinished ? [...replacedBy(unfinished), unfinished.release] : live.releases;
  const leftovers = judgeLeftovers(live, inUse).filter(({ stays }) => stays === undefined);
  return {
    environment: settings.environment,
    ...(unfinished && {
      resumes: {
        ...{ runId: unfinished.runId, release: unfinished.release },
        step: currentStep(unfinished)?.name ?? "its end",
      },
    }),
    live: live.releases,
    chart: {
      ...{ version: chart.version, commit: chart.commit },
      changedSinceLastGoodRun: good && good.inputs?.chartCommit !== chart.commit,
    },
    data: {
      ...{ sha256: data.sha256, summary: data.summary },
      changedSinceLastGoodRun: good && good.inputs?.dataSha256 !== data.sha256,
    },
    images: before ? changedImages(compareImages(before, rendered)) : [],
    objects: before ? diffObjects(before, rendered) : { added: [], removed: [], changed: [] },
    dns: dnsLines(task, live.records),
    deletedBeforeInstall: leftovers.map(({ name }) => name),
    deletedAtTheEnd: settings.deleteExisting && settings.retainPreviousMs === 0 ? live.releases : [],
    warnings,
  };
}

function dnsLines({ settings: { mappings } }: Task, current: readonly RecordSet[]): Plan["dns"] {
  // Any address serves: it is only asked which names would change, and from what.
  const addresses = Object.fromEntries(mappings.map(({ service }) => [service, "new"]));
  const plan = planSwap({ mappings, addresses, before: current, current, written: [] });
  const moves = plan.kind === "change" ? plan.moves : [];
  return moves.map(({ name, from, ttlSeconds }) => {
    const service = mappings.find((mapping) => mapping.name === name)?.service ?? "";
    return { name, now: from, ttlSeconds, service };
  });
}

/** Secrets are compared by name only: what is in them is nobody's business here. */
function diffObjects(before: readonly RenderedObject[], after: readonly RenderedObject[]): Plan["objects"] {
  const key = ({ kind, name }: RenderedObject) => `${kind}/${name}`;
  const text = ({ kind, manifest }: RenderedObject) =>
    kind === "Secret" ? "" : JSON.stringify({ ...manifest, metadata: undefined });
  const old = new Map(before.map((object) => [key(object), text(object)]));
  const next = new Map(after.map((object) => [key(object), text(object)]));
  return {
    added: [...next.keys()].filter((name) => !old.has(name)).sort(),
    removed: [...old.keys()].filter((name) => !next.has(name)).sort(),
    changed: [...next.keys()].filter((name) => old.has(name) && old.get(name) !== next.get(name)).sort(),
  };
}

/** The plan in lines for people. */
export function planLines(plan: Plan): string[] {
  const since = (changed: boolean | undefined) =>
    changed === undefined
      ? ""
      : changed
        ? "  (changed since the last good run)"
        : "  (as in the last good run)";
  const list = (title: string, items: readonly string[]) =>
    items.map((item, index) => `${(index === 0 ? title : "").padEnd(9)} ${item}`);
  return [
    ...(plan.resumes
      ? [
          `resumes   run ${plan.resumes.runId} (${plan.resumes.release}) at ${plan.resumes.step}; below is what a new run would do`,
        ]
      : []),
    `live      ${plan.live.join(" and ") || `nothing of ${plan.environment}`}`,
    `chart     ${plan.chart.version} at ${plan.chart.commit.slice(0, 14)}${since(plan.chart.changedSinceLastGoodRun)}`,
    `data      sha256 ${plan.data.sha256.slice(0, 8)}…: ${plan.data.summary}${since(plan.data.changedSinceLastGoodRun)}`,
    ...list(
      "images",
      plan.images.map(({ container, from, to }) => `${container}  ${from ?? "(none)"} → ${to ?? "(none)"}`),
    ),
    ...list("added", plan.objects.added),
    ...list("removed", plan.objects.removed),
    ...list("changed", plan.objects.changed),
    ...list(
      "dns",
      plan.dns.map(
        ({ name, now, ttlSeconds, service }) =>
          `${name}  ${now ?? "(missing)"} → the new ${service}  TTL ${ttlSeconds}s`,
      ),
    ),
    ...list(
      "deletes",
      plan.deletedBeforeInstall.map((name) => `${name}  before the install`),
    ),
    ...list(
      plan.deletedBeforeInstall.length > 0 ? "" : "deletes",
      plan.deletedAtTheEnd.map((name) => `${name}  at the end`),
    ),
    ...plan.warnings.map((warning) => `warning   ${warning}`),
    "nothing was changed",
  ];
}
