/** Which Service stands for a mapped one: that of the release's own manifest, whoever else bears its name; pure. */
import type { RenderedObject } from "./release.ts";
import type { ServiceView } from "./workloads.ts";

interface OwnServices {
  /** One of each mapped service, as far as it is there and can be told from others. */
  services: ServiceView[];
  /** Services that bear the name of a mapped one beside it, in words. */
  rivals: string[];
}

/** The Services of a manifest that stand for a mapped one, in the release's namespace. */
export function servicesNamed(
  service: string,
  manifest: readonly RenderedObject[],
  release: string,
): RenderedObject[] {
  return manifest.filter(({ kind, name, labels, manifest: { metadata } }) => {
    const { namespace = release } = (metadata ?? {}) as { namespace?: string };
    return kind === "Service" && namespace === release && (labels["name"] ?? name) === service;
  });
}

/**
 * Tells the release's own Services from those that somebody else has made in its namespace. Without a manifest (Helm 2 left
 * none that can be read) those that say they are another release's are not its own.
 */
export function findOwnServices(
  seen: readonly ServiceView[],
  mapped: readonly string[],
  { release, manifest }: { release: string; manifest: readonly RenderedObject[] | undefined },
): OwnServices {
  const found: OwnServices = { services: [], rivals: [] };
  for (const service of new Set(mapped)) {
    const made = manifest && servicesNamed(service, manifest, release).map(({ name }) => name);
    const isOwn = ({ name, component, helmRelease = release }: ServiceView) =>
      made ? made.includes(name) : component === service && helmRelease === release;
    const [own, second] = seen.filter(isOwn);
    if (own && !second) found.services.push({ ...own, component: service });
    const bearing = seen.filter((view) => view.component === service || isOwn(view));
    const names = bearing.map((view) => (isOwn(view) && !second ? `${view.name} (its own)` : view.name));
    if (names.length > 1) found.rivals.push(`${names.length} Services are "${service}": ${names.join(", ")}`);
  }
  return found;
}
