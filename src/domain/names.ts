/** Names, labels and annotations that tell what belongs to an environment. */

export const labels = {
  managedBy: "app.kubernetes.io/managed-by",
  environment: "powo.kew.org/environment",
  run: "powo.kew.org/run",
} as const;
export const managedBy = "powo-builder";

export const annotations = {
  /** Protects a namespace from every deletion, whatever its value. */
  keep: "powo.kew.org/keep",
  /** When the public names were pointed at the release: it is or was live, and no failed build. */
  liveSince: "powo.kew.org/live-since",
  /** When the public names were pointed elsewhere. */
  replacedAt: "powo.kew.org/replaced-at",
  /** Until when nothing may delete it: its addresses may still be cached, or it is kept for a rollback. */
  retainUntil: "powo.kew.org/retain-until",
  /** How often its uninstall has failed: a hook that never works keeps no leftover for ever. */
  uninstallFailures: "powo.kew.org/uninstall-failures",
} as const;

const suffixAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

/** Whether `name` is exactly `<environment>-<five of [a-z0-9]>`; the original matched a bare prefix. */
export function isReleaseName(environment: string, name: string): boolean {
  const prefix = `${environment}-`;
  return name.startsWith(prefix) && /^[a-z0-9]{5}$/.test(name.slice(prefix.length));
}

/** A new release name; `randomInt(n)` gives an integer from 0 to n - 1. Never one of `taken`. */
export function newReleaseName(
  environment: string,
  randomInt: (below: number) => number,
  taken: ReadonlySet<string>,
): string {
  const letter = () => suffixAlphabet.charAt(randomInt(suffixAlphabet.length));
  for (;;) {
    const name = `${environment}-${Array.from({ length: 5 }, letter).join("")}`;
    if (!taken.has(name)) return name;
  }
}

/** A run's name: environment and start, `prod-20261122-1200`; with seconds where that is taken. */
export function newRunId(environment: string, startedAt: Date, taken: ReadonlySet<string>): string {
  const digits = startedAt.toISOString().replaceAll(/[-:T]/g, "");
  const minute = `${environment}-${digits.slice(0, 8)}-${digits.slice(8, 12)}`;
  return taken.has(minute) ? `${minute}${digits.slice(12, 14)}` : minute;
}

/** The labels of a release namespace made by this builder. */
export function namespaceLabels(environment: string, runId: string): Record<string, string> {
  const own = { [labels.managedBy]: managedBy, [labels.environment]: environment, [labels.run]: runId };
  // Whoever makes pods there: none of them owns its node.
  return { ...own, "pod-security.kubernetes.io/enforce": "baseline" };
}

/** The name of the state ConfigMap and of the Lease. */
export function stateName(environment: string): string {
  return `powo-builder-${environment}`;
}

/** The name of a ConfigMap that holds a pinned data configuration; no environment's name has a dot. */
export function documentName(environment: string, slot: 1 | 2): string {
  return `${stateName(environment)}.data${slot === 1 ? "" : "2"}`;
}
