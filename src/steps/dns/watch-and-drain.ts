/** After the swap: waits until resolvers have forgotten the old addresses, and watches the new site meanwhile. */
import type { Settings } from "../../config/settings.ts";
import { drainMs } from "../../domain/dns-plan.ts";
import type { RunState } from "../../domain/run-state.ts";
import { duration } from "../../domain/words.ts";
import { PermanentError } from "../../errors.ts";
import type { StepContext } from "../../pipeline/step.ts";
import type { Ports } from "../../ports/index.ts";
import type { SiteTarget } from "../../ports/site.ts";
import { targetsOf } from "../verify-release.ts";
import type { SwapMemory } from "./swap-memory.ts";
import { putBack } from "./undo-swap.ts";

const longestProbeIntervalMs = 30_000;
/** Failures in a row that put the old records back (contract.md, "Rules for gates and outages"). */
const failuresThatCount = 3;
/** A sleep that the clock says took so much longer was none: somebody has set the clock. */
const jumpMs = 5_000;

/**
 * Waits for drain and watch, side by side, counted from the swap, so that a restart does not begin them anew.
 * Throws PermanentError ROLLED_BACK after three failed probes in a row, with the old records put back.
 */
export async function watchAndDrain(
  ports: Pick<Ports, "site" | "dns" | "cluster">,
  settings: Settings,
  state: RunState,
  memory: SwapMemory,
  context: StepContext<RunState>,
): Promise<void> {
  const { clock, log, signal } = context;
  const { swappedAt = "", oldTtlSeconds = 0 } = memory.get();
  const swapped = Date.parse(swappedAt);
  let watchEnd = swapped + settings.postSwapWatchMs;
  let end = Math.max(watchEnd, swapped + drainMs(oldTtlSeconds, settings.dns.drainTtls));
  if (end > clock.now()) {
    log.info(
      {},
      `waiting ${duration(end - clock.now())} for resolvers to forget the old addresses, watching the new site`,
    );
  }
  const intervalMs = Math.min(longestProbeIntervalMs, Math.max(1_000, settings.postSwapWatchMs / 10));
  // Resolvers don't know our clock: a time that was only set is not a time that they have waited.
  const sleep = async (ms: number) => {
    const before = clock.now();
    await clock.sleep(ms, signal);
    const aheadMs = clock.now() - before - ms;
    if (aheadMs <= jumpMs) return;
    log.warn({}, `the clock went ${duration(aheadMs)} ahead; waiting that much longer`);
    end += aheadMs;
    watchEnd += aheadMs;
  };
  let failures = 0;
  // Whoever was away for the whole watch looks at least once: nothing old is deleted behind a site that is down.
  let isWell = settings.postSwapWatchMs === 0;
  for (;;) {
    if (failures >= failuresThatCount)
      return putBack(ports, settings, state, memory, context, rolledBack(state));
    const left = end - clock.now();
    if (left <= 0 && isWell) return;
    const watching = clock.now() < watchEnd || !isWell;
    if (watching) {
      const seen = await probeAll(ports.site, targetsOf(settings, state.release));
      isWell = seen === undefined;
      failures = isWell ? 0 : failures + 1;
      if (seen !== undefined)
        log.warn({}, `the new site does not answer well: ${seen} (${failures} of ${failuresThatCount})`);
    }
    if (failures >= failuresThatCount) continue;
    if (watching && !isWell) await sleep(intervalMs);
    else await sleep(Math.max(0, Math.min(left, watching ? intervalMs : left)));
  }
}

/** The first thing wrong with any of the names, or undefined. */
async function probeAll(site: Ports["site"], targets: readonly SiteTarget[]): Promise<string | undefined> {
  const probes = await Promise.all(targets.map((target) => site.probe(target)));
  for (const [index, probe] of probes.entries()) {
    if (!probe.ok) return `${targets[index]?.host ?? ""}: ${probe.seen}`;
  }
  return undefined;
}

function rolledBack({ previous = [], release }: RunState): PermanentError {
  const back = previous.join(", ") || "what they were";
  return new PermanentError(
    "ROLLED_BACK",
    `${release} failed after the swap; the public names point at ${back} again`,
    { hint: `look:  kubectl get pods -n ${release}` },
  );
}
