/** The whole rebuild, in order. */
import type { Settings } from "../config/settings.ts";
import type { RunState } from "../domain/run-state.ts";
import type { Step } from "../pipeline/step.ts";
import type { Ports } from "../ports/index.ts";
import { awaitHarvest } from "./await-harvest.ts";
import { deleteOldRelease } from "./delete-old-release.ts";
import { installRelease } from "./install-release.ts";
import { loadData } from "./load-data.ts";
import { preflight } from "./preflight.ts";
import { swapDns } from "./swap-dns.ts";
import { unlessGone } from "./unless-gone.ts";
import { verifyRelease } from "./verify-release.ts";
import { waitForPods } from "./wait-for-pods.ts";

/** The steps in their order. Names are checkpoint keys: never renamed, never reused. */
export function rebuildSteps(settings: Settings): Step<Ports, RunState>[] {
  return [
    preflight(settings),
    installRelease(settings),
    waitForPods(settings),
    unlessGone(loadData(settings)),
    unlessGone(awaitHarvest(settings)),
    unlessGone(verifyRelease(settings)),
    swapDns(settings),
    deleteOldRelease(settings),
  ];
}
