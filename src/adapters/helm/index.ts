import type { Releases } from "../../ports/releases.ts";
import type { HelmOptions } from "./command.ts";
import { findRelease } from "./history.ts";
import { findObjects } from "./manifest.ts";
import { installRelease } from "./install.ts";
import { stopLeftovers } from "./leftovers.ts";
import { renderChart } from "./template.ts";
import { uninstallRelease } from "./uninstall.ts";
import { upgradeRelease } from "./upgrade.ts";

export { releaseMarker, type HelmOptions } from "./command.ts";

/** Helm as a program: each method is one operation, none decides anything. */
export function createReleases(options: HelmOptions): Releases {
  return {
    find: (name) => findRelease(options, name),
    render: (chart, signal) => renderChart(options, chart, signal),
    findObjects: (name) => findObjects(options, name),
    upgrade: (chart, signal) => upgradeRelease(options, chart, signal),
    install: (chart, signal) => installRelease(options, chart, signal),
    uninstall: (name, timeoutMs, signal) => uninstallRelease(options, name, timeoutMs, signal),
    stopLeftovers: (name) => stopLeftovers(name),
  };
}
