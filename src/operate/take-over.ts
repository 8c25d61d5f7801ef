/** Takes the lease from a living builder by asking it to stop. */
import { TimeoutError } from "../errors.ts";
import type { Lock } from "../pipeline/lock.ts";
import { patiently } from "../pipeline/patience.ts";
import { leaveRequest } from "./requests.ts";
import { acquireAfterVerbs, newLock } from "../rebuild/with-lock.ts";
import type { World } from "../rebuild/world.ts";

const lookEveryMs = 1_000;
/** How long a living builder may take to stop: a renewal of its lease, and the 10 s it has to end. */
const graceMs = 60_000;

/** The lock, held; a living builder got the request `kind` for this run. Throws TimeoutError when it does not stop. */
export async function takeOver(
  world: World,
  { kind, runId }: { kind: string; runId: string },
  signal: AbortSignal,
): Promise<Lock> {
  const { leases, clock, settings } = world;
  const log = world.log(kind);
  const allowedMs = settings.leaseDurationMs + graceMs;
  const lock = newLock(world, kind);
  const patience = { clock, log, budgetMs: settings.retryTimeoutMs };
  const ask = <T>(question: () => Promise<T>) => patiently(question, patience, signal);
  let deadline: number | undefined;
  for (;;) {
    const acquired = await acquireAfterVerbs(world, lock, log, signal);
    if (acquired.kind === "held") return lock;
    log.info({ holder: acquired.holder }, `asking ${acquired.holder} to stop`);
    await ask(() => leaveRequest(leases, kind, runId));
    deadline ??= clock.now() + allowedMs;
    while ((await ask(() => leases.read()))?.holder === acquired.holder) {
      if (clock.now() >= deadline) {
        throw new TimeoutError(
          "BUILDER_UNHEARD",
          `${acquired.holder} did not stop; the request stays for it`,
          {
            hint: `end it by force:  kubectl delete pod ${acquired.holder} -n ${world.builderNamespace}, then try again`,
          },
        );
      }
      await clock.sleep(lookEveryMs, signal);
    }
  }
}
