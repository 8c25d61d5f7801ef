/** Metrics of a run. Whatever goes wrong with them, the run goes on. */
import type { History } from "../domain/history.ts";
import { messageOf } from "../errors.ts";
import type { Observer } from "../pipeline/engine.ts";
import type { StateStore } from "../pipeline/stores.ts";
import type { Run } from "./read-state.ts";
import type { Metrics, World } from "./world.ts";

const none: Metrics = {
  observer: {},
  past: () => undefined,
  saved: () => undefined,
  close: async () => undefined,
};

/** Opens the metrics where a port is set; a port that can't be had is told, and done without. */
export async function openMetrics(world: World): Promise<Metrics> {
  if (!world.openMetrics) return none;
  try {
    const metrics = await world.openMetrics();
    const quietly = (feed: () => void) => {
      try {
        feed();
      } catch (error) {
        world.log().debug({ err: error }, "a metric could not be set");
      }
    };
    return {
      observer: guarded(metrics.observer, quietly),
      past: (history) => quietly(() => metrics.past(history)),
      saved: (run) => quietly(() => metrics.saved(run)),
      close: () => metrics.close().catch(() => undefined),
    };
  } catch (error) {
    const port = world.settings.metricsPort ?? 0;
    world.log().warn({ port }, `no metrics on port ${port}: ${messageOf(error)}`);
    return none;
  }
}

/** Tells several observers, in their order. */
export function observers(...all: readonly Observer[]): Observer {
  return {
    started: (step) => all.forEach((one) => one.started?.(step)),
    finished: (...told) => all.forEach((one) => one.finished?.(...told)),
  };
}

/** The store; what is written down is told as well. */
export function watchedStore(
  store: StateStore,
  { past, saved }: Pick<Metrics, "past" | "saved">,
): StateStore {
  return {
    load: () => store.load(),
    async save(change, basedOn) {
      const version = await store.save(change, basedOn);
      if (change.run !== undefined) saved(change.run as Run);
      if (change.history !== undefined) past(change.history as History);
      return version;
    },
  };
}

function guarded(observer: Observer, quietly: (feed: () => void) => void): Observer {
  return {
    started: (step) => quietly(() => observer.started?.(step)),
    finished: (...told) => quietly(() => observer.finished?.(...told)),
  };
}
