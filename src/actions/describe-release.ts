/** What an operator would look at in a release that isn't well: pods with their reasons, last warnings, last log lines. */
import { type Culprit, findUnready, type Unready } from "../domain/readiness.ts";
import type { Evidence } from "../domain/attachments.ts";
import { shortened } from "../domain/words.ts";
import { timestamp } from "../pipeline/clock.ts";
import type { Run } from "../pipeline/run.ts";
import { within } from "./within.ts";

const shownLines = 8;
const keptLines = 20;
const maxPods = 8;
const maxWarnings = 5;
const maxLine = 300;
/** How long gathering may take, and one question of it: a node that is gone does not answer for its logs. */
const timeoutMs = 5_000;
const questionMs = 3_000;
/** Of how many releases evidence is kept, and how much of each: noise can't be compressed. */
const maxKept = 4;
const maxKeptBytes = 10_000;

const nothing = () => [];
const cut = (line: string) => shortened(line, maxLine);

function linesOf(
  run: Run,
  question: (cluster: Run["ports"]["cluster"]) => Promise<string[]>,
): Promise<string[]> {
  return within(run, questionMs, ({ ports }) => question(ports.cluster), nothing);
}

/** What keeps a pod from being ready, its last warnings and log lines; what can't be read is missing. */
async function describePod(
  run: Run,
  { component, pod, reason, containers: [container] }: Unready,
  maxLines: number,
): Promise<string[]> {
  if (pod === undefined) return [`${component}: ${reason}`];
  const { release } = run.state;
  const [warnings, lines] = await Promise.all([
    linesOf(run, (cluster) => cluster.warnings(release, pod)),
    container === undefined ? [] : linesOf(run, (cluster) => cluster.logs(release, pod, container, maxLines)),
  ]);
  return [
    `${component}: ${reason} (pod ${pod})`,
    ...warnings.slice(-maxWarnings).map((line) => `  ${line}`),
    ...lines.map((line) => `  ${container ?? ""}: ${line}`),
  ];
}

/** A culprit as the first lines of what is wrong with it. */
export async function describeCulprit(run: Run, culprit: Culprit): Promise<string[]> {
  const { message, container } = culprit;
  const lines = await describePod(run, { ...culprit, containers: [container] }, shownLines);
  return [...(message ? [message] : []), ...lines.slice(1).map((line) => line.trim())].map(cut);
}

/** Every pod that is not ready; where a quota or an admission policy refuses pods, what their controllers' Events say. */
export async function describeUnready(run: Run): Promise<string[]> {
  return (await describeParts(run, shownLines)).flat();
}

async function describeParts(run: Run, maxLines: number): Promise<string[][]> {
  const { release } = run.state;
  const unready = findUnready(await run.ports.cluster.observe(release));
  const pods = await Promise.all(unready.slice(0, maxPods).map((pod) => describePod(run, pod, maxLines)));
  const more = unready.length - maxPods;
  const isWithoutPod = unready.some(({ pod }) => pod === undefined);
  const warnings = isWithoutPod ? await linesOf(run, (cluster) => cluster.warnings(release)) : [];
  const rest = [
    ...(more > 0 ? [`and ${more} more that are not ready`] : []),
    ...warnings.slice(-maxWarnings),
  ];
  return [...pods, rest].filter((part) => part.length > 0).map((part) => part.map(cut));
}

/** The kept evidence with that of this run's release, as it is now; nothing that goes wrong here holds the run's end up. */
export async function gatherEvidence(run: Run): Promise<Evidence[]> {
  const { release } = run.state;
  const { evidence: kept } = run.attachments;
  const parts = await within(run, timeoutMs, (own) => describeParts(own, keptLines), nothing);
  return parts.length === 0 ? kept : withEvidence(run, release, parts);
}

function withEvidence(run: Run, release: string, parts: readonly (readonly string[])[]): Evidence[] {
  const others = run.attachments.evidence.filter((evidence) => evidence.release !== release);
  return [...others, { release, takenAt: timestamp(run.clock), lines: boundEvidence(parts) }].slice(-maxKept);
}

/** Adds to the evidence of a release that is about to go what was seen of it just now. */
export async function keepEvidence(run: Run, release: string, lines: readonly string[]): Promise<void> {
  const { evidence: kept } = run.attachments;
  const before = kept.find((evidence) => evidence.release === release)?.lines ?? [];
  await run.save({}, { evidence: withEvidence(run, release, [before, lines]) });
}

/** The first line of every part, and as many of its last as there is room for; the first parts have it first. */
export function boundEvidence(parts: readonly (readonly string[])[]): string[] {
  let left = maxKeptBytes - parts.reduce((sum, [first = ""]) => sum + Buffer.byteLength(first), 0);
  const isTooMuch = (line: string) => (left -= Buffer.byteLength(line)) < 0;
  return parts.flatMap(([first = "", ...rest]) => [first, ...rest.slice(rest.findLastIndex(isTooMuch) + 1)]);
}
