import type { ReleaseView, RenderedObject } from "../domain/release.ts";

/** As Helm's `.Capabilities`: `v1.35.3-gke.1200`; `apps/v1`, `apps/v1/Deployment`. */
export interface Capabilities {
  kubeVersion: string;
  apiVersions: readonly string[];
}

export interface ChartInstall {
  /** Name of the release and of its namespace, which exists. */
  name: string;
  /** Folder of the chart on this machine. */
  chartDir: string;
  /** Values files in order, the later ones win. */
  valuesFiles: readonly string[];
  timeoutMs: number;
  /** What the cluster offers, for `render`: an install asks the cluster itself. */
  capabilities?: Capabilities | undefined;
}

/** Helm, as a program. Actions run one Helm operation and do not decide. */
export interface Releases {
  /** The latest revision of a release. Throws TransientError when the cluster can't be asked. */
  find(name: string): Promise<ReleaseView | undefined>;
  /** The objects that a release was installed with, as its record has them; [] when there is no such release. */
  findObjects(name: string): Promise<RenderedObject[]>;
  /** Renders without the cluster, which is only asked whether it is in the chart's kubeVersion. Throws ConfigError (where: the chart) when it does not render. */
  render(chart: ChartInstall, signal: AbortSignal): Promise<RenderedObject[]>;
  /** Installs without waiting for pods. Throws PermanentError HELM_FAILED, or TransientError when helm was killed. */
  install(chart: ChartInstall, signal: AbortSignal): Promise<void>;
  /** Upgrades a release that is there, as an operator would by hand. Throws like `install`. */
  upgrade(chart: ChartInstall, signal: AbortSignal): Promise<void>;
  /** Goes back to the revision before the latest, which ends an operation that was left pending. Throws like `install`. */
  rollback(name: string, timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** Uninstalls and waits for the objects to be gone; a release that is gone already is success. */
  uninstall(name: string, timeoutMs: number, signal: AbortSignal): Promise<void>;
}
