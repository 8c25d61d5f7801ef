/** The black box of a release that is about to be deleted: what an operator would have looked at. */
import { z } from "zod";
import { date, table } from "./words.ts";
import type { ContainerView, PodView } from "./workloads.ts";

const containerSchema = z.object({
  name: z.string(),
  image: z.string().optional(),
  state: z.string(),
  reason: z.string().optional(),
  exitCode: z.number().optional(),
  restarts: z.number(),
});

const evidenceSchema = z.object({
  release: z.string(),
  /** ISO time. */
  takenAt: z.string(),
  pods: z.array(
    z.object({
      name: z.string(),
      phase: z.string(),
      ready: z.boolean(),
      reason: z.string().optional(),
      containers: z.array(containerSchema),
    }),
  ),
  /** How many pods there were beside those. */
  morePods: z.number(),
  /** The last warning events, oldest first. */
  warnings: z.array(z.string()),
  /** The last lines of containers that failed. */
  logs: z.array(z.object({ pod: z.string(), container: z.string(), lines: z.array(z.string()) })),
});

export type Evidence = z.infer<typeof evidenceSchema>;

/** How many releases' evidence is kept, newest last. */
const releasesKept = 4;
const mostPods = 40;
const mostWarnings = 20;
const longestLine = 300;
export const logLines = 20;
/** Of how many containers the log is kept. */
export const mostLogs = 8;

/** Waiting for these is how every container begins. */
const harmless = new Set(["ContainerCreating", "PodInitializing", "Completed"]);

/** Whether a container's log may tell what went wrong. */
export function hasFailed({ state, reason, exitCode, restarts }: ContainerView): boolean {
  if (restarts > 0 || (exitCode ?? 0) !== 0) return true;
  return state === "waiting" && reason !== undefined && !harmless.has(reason);
}

/** What is kept of pods; those with a failed container first. */
export function keptPods(pods: readonly PodView[]): Pick<Evidence, "pods" | "morePods"> {
  const trouble = ({ ready, containers }: PodView) => (containers.some(hasFailed) ? 2 : ready ? 0 : 1);
  const kept = pods.toSorted((one, other) => trouble(other) - trouble(one)).slice(0, mostPods);
  return {
    pods: kept.map(({ name, phase, ready, reason, containers }) => ({
      ...{ name, phase, ready },
      ...(reason === undefined ? {} : { reason }),
      containers: containers.map(({ name: container, image, state, reason: why, exitCode, restarts }) => ({
        name: container,
        ...(image === undefined ? {} : { image: shortLine(image) }),
        state,
        ...(why === undefined ? {} : { reason: why }),
        ...(exitCode === undefined ? {} : { exitCode }),
        restarts,
      })),
    })),
    morePods: pods.length - kept.length,
  };
}

/** The last lines, none of them endless. */
export function keptLines(lines: readonly string[], most = mostWarnings): string[] {
  return lines.slice(-most).map(shortLine);
}

function shortLine(line: string): string {
  return line.length > longestLine ? `${line.slice(0, longestLine - 1)}…` : line;
}

/** The evidence kept so far with one more; one of the same release is replaced. */
export function addEvidence(kept: readonly Evidence[], evidence: Evidence): Evidence[] {
  return [...kept.filter(({ release }) => release !== evidence.release), evidence].slice(-releasesKept);
}

/** The evidence among values that were kept; what another version wrote otherwise is passed over. */
export function readEvidence(kept: unknown): Evidence[] {
  if (!Array.isArray(kept)) return [];
  return kept.flatMap((value) => {
    const { data } = evidenceSchema.safeParse(value);
    return data ? [data] : [];
  });
}

/** The evidence in lines for people. */
export function evidenceLines({ release, takenAt, pods, morePods, warnings, logs }: Evidence): string[] {
  const rows = pods.flatMap(({ name, phase, ready, reason, containers }) =>
    containers.map((container, index) => [
      index === 0 ? name : "",
      index === 0 ? (reason ?? (ready ? "Ready" : phase)) : "",
      container.name,
      stateText(container),
      container.image ?? "",
    ]),
  );
  return [
    `what was there of ${release} when it was removed, ${date(Date.parse(takenAt))} UTC`,
    ...indented(rows.length > 0 ? table([["pod", "", "container", "state", "image"], ...rows]) : ["no pods"]),
    ...(morePods > 0 ? [`  and ${morePods} more pods`] : []),
    ...(warnings.length > 0 ? ["last warnings", ...indented(warnings)] : []),
    ...logs.flatMap(({ pod, container, lines }) => [
      `last lines of ${pod}, container ${container}`,
      ...indented(lines),
    ]),
  ];
}

function stateText({ state, reason, exitCode, restarts }: z.infer<typeof containerSchema>): string {
  return [
    reason ?? state,
    ...(exitCode === undefined || exitCode === 0 ? [] : [`exit code ${exitCode}`]),
    ...(restarts === 0 ? [] : [restarts === 1 ? "1 restart" : `${restarts} restarts`]),
  ].join(", ");
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
