/** What `run` would do now. Reads only: the ports refuse every effect. */
import { planSwap } from "../domain/dns-plan.ts";
import { recordedReleases } from "../domain/history.ts";
import { changedImages, compareImages, type ImageChange } from "../domain/images.ts";
import type { RenderedObject } from "../domain/release.ts";
import { patiently } from "../pipeline/patience.ts";
import { isOver } from "../pipeline/run-document.ts";
import { findInstalled } from "../steps/preflight/installed.ts";
import { findLeftovers } from "../steps/remove-leftovers.ts";
import { usedBy } from "../steps/remove-release.ts";
import { requireChecks } from "../steps/preflight/checks.ts";
import { readOnlyPorts } from "../rebuild/guards.ts";
import { readState } from "../rebuild/read-state.ts";
import type { World } from "../rebuild/world.ts";

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
  const { settings, clock } = world;
  const { environment } = settings;
  const ports = readOnlyPorts(world, signal);
  const log = world.log("plan");
  const patience = { clock, log, budgetMs: settings.retryTimeoutMs };
  const { run, history } = await patiently(() => readState(world), patience, signal);
  const { chart, data, live, warnings, rendered } = await requireChecks(ports, settings, {
    clock,
    log,
    signal,
  });
  const [current] = live.releases;
  const before = await findInstalled(ports, current);
  if (!before)
    warnings.push(
      `${current ?? ""} was not installed by this builder, which can't read it: nothing to compare with`,
    );
  const good = history.runs.findLast(({ phase }) => phase === "succeeded");
  const unfinished = run && !isOver(run.phase) ? run : undefined;
  const scope = {
    inUse: unfinished ? usedBy(unfinished) : new Set(live.releases),
    recorded: new Set(recordedReleases(history)),
  };
  const leftovers = findLeftovers(live.namespaces, {
    environment,
    now: new Date(clock.now()).toISOString(),
    live: live.releases,
    scope,
  });
  const step = unfinished?.steps.find(({ status }) => status !== "done" && status !== "skipped")?.name;
  return {
    environment,
    ...(unfinished
      ? { resumes: { runId: unfinished.runId, release: unfinished.release, step: step ?? "its end" } }
      : {}),
    live: live.releases,
    chart: {
      version: chart.version,
      commit: chart.commit,
      changedSinceLastGoodRun: good && good.chartCommit !== chart.commit,
    },
    data: {
      sha256: data.sha256,
      summary: data.summary,
      changedSinceLastGoodRun: good && good.dataSha256 !== data.sha256,
    },
    images: before ? changedImages(compareImages(before, rendered)) : [],
    objects: before ? diffObjects(before, rendered) : { added: [], removed: [], changed: [] },
    dns: dnsLines(world, live.records),
    deletedBeforeInstall: leftovers.map(({ name }) => name),
    deletedAtTheEnd: settings.deleteExisting && settings.retainPreviousMs === 0 ? live.releases : [],
    warnings,
  };
}

function dnsLines({ settings }: World, current: Parameters<typeof planSwap>[0]["current"]): Plan["dns"] {
  // Any address serves: it is only asked which names would change, and from what.
  const addresses = Object.fromEntries(settings.mappings.map(({ service }) => [service, "new"]));
  const plan = planSwap({ mappings: settings.mappings, addresses, before: current, current });
  const moves = plan.kind === "change" ? plan.moves : [];
  return moves.map(({ name, from, ttlSeconds }) => {
    const service = settings.mappings.find((mapping) => mapping.name === name)?.service ?? "";
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
