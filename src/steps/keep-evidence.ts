/** Keeps a black box of a release before it is deleted. It may be wanting, or missing; it never holds the deletion up. */
import {
  addEvidence,
  type Evidence,
  hasFailed,
  keptLines,
  keptPods,
  logLines,
  mostLogs,
  readEvidence,
} from "../domain/evidence.ts";
import type { PodView } from "../domain/workloads.ts";
import { CancelledError, messageOf } from "../errors.ts";
import type { Clock } from "../pipeline/clock.ts";
import type { Log } from "../pipeline/log.ts";
import type { Ports } from "../ports/index.ts";
import { pack, unpack } from "./harvest/list-memory.ts";

export const evidenceAttachment = "evidence";
/** How long gathering may take: a node that is gone does not answer for its logs. */
const deadlineMs = 5_000;
/** What the evidence of all releases may take of the ConfigMap, compressed. */
const mostBytes = 40_000;

/** Where bytes are kept: the checkpoint, or the state itself where no run is under way. */
export interface Keeper {
  attach(name: string, bytes: Uint8Array): Promise<void>;
  attachment(name: string): Uint8Array | undefined;
}

interface Surroundings {
  clock: Clock;
  log: Log;
}

/** What to do when a release is about to be removed. */
export function evidenceOf(
  cluster: Ports["cluster"],
  keeper: Keeper,
  { clock, log }: Surroundings,
): (release: string) => Promise<void> {
  return async (release) => {
    try {
      const evidence = await gather(cluster, release, { clock, log });
      if (evidence.pods.length === 0 && evidence.warnings.length === 0) return;
      const kept = keptEvidence(keeper.attachment(evidenceAttachment));
      await keeper.attach(evidenceAttachment, packEvidence(addEvidence(kept, evidence)));
    } catch (error) {
      log.debug({ release }, `no evidence of ${release} is kept: ${messageOf(error)}`);
    }
  };
}

/** The evidence that is kept, oldest first; none where it can't be read. */
export function keptEvidence(bytes: Uint8Array | undefined): Evidence[] {
  try {
    return bytes ? readEvidence(unpack(bytes)) : [];
  } catch {
    return [];
  }
}

/** What is there when time is up; what could not be read is missing. */
async function gather(
  cluster: Ports["cluster"],
  release: string,
  { clock, log }: Surroundings,
): Promise<Evidence> {
  const evidence: Evidence = {
    release,
    takenAt: new Date(clock.now()).toISOString(),
    ...{ pods: [], morePods: 0, warnings: [], logs: [] },
  };
  const attempt = async (what: string, read: () => Promise<void>) => {
    try {
      await read();
    } catch (error) {
      log.debug({ release }, `${what} of ${release} can't be kept: ${messageOf(error)}`);
    }
  };
  const all = Promise.all([
    attempt("warnings", async () => {
      evidence.warnings = keptLines(await cluster.warnings(release));
    }),
    attempt("pods", async () => {
      const pods = await cluster.findPods(release);
      Object.assign(evidence, keptPods(pods));
      await Promise.all(
        tellingContainers(pods).map(({ pod, container }) =>
          attempt(`the log of ${pod}`, async () => {
            const lines = keptLines(await cluster.logs(release, pod, container, logLines), logLines);
            if (lines.length > 0) evidence.logs.push({ pod, container, lines });
          }),
        ),
      );
    }),
  ]);
  const answered = new AbortController();
  const late = clock.sleep(deadlineMs, answered.signal).catch(() => undefined);
  await Promise.race([all, late]);
  answered.abort(new CancelledError("STOPPED", "the evidence is there"));
  // What still arrives is not waited for, and must not change what is being written.
  return structuredClone(evidence);
}

/** Containers that failed, then those that run and never became ready. */
function tellingContainers(pods: readonly PodView[]): { pod: string; container: string }[] {
  const all = pods.flatMap(({ name: pod, ready, containers }) =>
    containers.map((container) => ({ pod, ready, container })),
  );
  const failed = all.filter(({ container }) => hasFailed(container));
  const waiting = all.filter(
    ({ ready, container }) =>
      !ready && !container.ready && container.state === "running" && !hasFailed(container),
  );
  return [...failed, ...waiting]
    .slice(0, mostLogs)
    .map(({ pod, container }) => ({ pod, container: container.name }));
}

/** Compresses; what is too large loses the oldest logs first, then the oldest releases. */
export function packEvidence(evidence: readonly Evidence[], most = mostBytes): Uint8Array {
  let kept = [...evidence];
  for (;;) {
    const packed = pack(kept);
    if (packed.byteLength <= most || kept.length === 0) return packed;
    const oldest = kept.findIndex(({ logs }) => logs.length > 0);
    kept =
      oldest < 0 ? kept.slice(1) : kept.map((one, index) => (index === oldest ? { ...one, logs: [] } : one));
  }
}
