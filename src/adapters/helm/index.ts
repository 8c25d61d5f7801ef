import type { Releases } from "../../ports/releases.ts";
import type { HelmOptions } from "./command.ts";
import { findRelease } from "./history.ts";
import { findObjects } from "./manifest.ts";
import { applyRelease } from "./apply.ts";
import { stopLeftovers } from "./leftovers.ts";
import { renderChart } from "./template.ts";
import { uninstallRelease } from "./uninstall.ts";

export { releaseMarker, type HelmOptions } from "./command.ts";

/** Helm as a program: each method is one operation, none decides anything. */
export function createReleases(options: HelmOptions): Releases {
  return {
    find: (name) => findRelease(options, name),
    render: (chart, signal) => renderChart(options, chart, signal),
    findObjects: (name) => findObjects(options, name),
    upgrade: (chart, signal) => applyRelease(options, "upgrade", chart, signal),
    install: (chart, signal) => applyRelease(options, "install", chart, signal),
    uninstall: (name, timeoutMs, signal) => uninstallRelease(options, name, timeoutMs, signal),
    stopLeftovers: (name) => stopLeftovers(name),
  };
}
