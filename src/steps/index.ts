/** The whole rebuild, in order. */
import { thenLeftovers } from "../actions/leftovers.ts";
import type { Step } from "../pipeline/step.ts";
import { awaitHarvest } from "./await-harvest.ts";
import { deleteOldRelease } from "./delete-old-release.ts";
import { installRelease } from "./install-release.ts";
import { loadData } from "./load-data.ts";
import { preflight } from "./preflight.ts";
import { swapDns } from "./swap-dns.ts";
import { verifyRelease } from "./verify-release.ts";
import { waitForPods } from "./wait-for-pods.ts";

/** The steps in their order. Names are checkpoint keys: never renamed, never reused. */
export const rebuildSteps: readonly Step[] = [
  preflight,
  installRelease,
  thenLeftovers(waitForPods),
  thenLeftovers(loadData),
  thenLeftovers(awaitHarvest),
  thenLeftovers(verifyRelease),
  swapDns,
  deleteOldRelease,
];
