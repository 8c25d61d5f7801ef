/** Watches what the public would meet: every address that a resolver may hand out must be a ready release's. */
import type { ZoneModel } from "../dns/zone-model.ts";
import { addressesOf, isServiceReady, type NamespaceViews } from "./namespace-view.ts";

export interface PublicNamesWatch {
  /** How often everything was looked at. */
  looks: number;
  /** What was wrong, each thing once, in the order in which it was seen. */
  violations: string[];
  stop: () => Promise<void>;
}

export interface PublicNamesOptions {
  zone: ZoneModel;
  names: readonly string[];
  views: NamespaceViews;
  /** Namespaces that may hold releases. */
  isRelease: (namespace: string) => boolean;
  everyMs: number;
}

interface Place {
  release: string;
  service: string;
  ready: boolean;
}

/** Looks every so often until it is stopped, and once more then. */
export function watchPublicNames(options: PublicNamesOptions): PublicNamesWatch {
  const seen = new Set<string>();
  const stopped = new AbortController();
  const watch: PublicNamesWatch = {
    looks: 0,
    violations: [],
    async stop() {
      stopped.abort();
      await loop;
    },
  };
  const look = async () => {
    const found = await violationsNow(options);
    watch.looks += 1;
    for (const violation of found.filter((text) => !seen.has(text))) {
      seen.add(violation);
      watch.violations.push(violation);
    }
  };
  // A cluster that can't be asked shows nothing.
  const loop = (async () => {
    while (!stopped.signal.aborted) {
      await look().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, options.everyMs));
    }
    await look().catch(() => undefined);
  })();
  return watch;
}

async function violationsNow({ zone, names, views, isRelease }: PublicNamesOptions): Promise<string[]> {
  const at = Date.now();
  // Read before the cluster is: what is asked later may have moved on meanwhile.
  const answers = names.map((name) => ({ name, addresses: zone.mayBeAnswered(name, "A", at) }));
  const served = names.map((name) => zone.servedAt(name, "A", at)?.rrdatas[0]);
  const places = await locate(views, isRelease);
  const found: string[] = [];
  for (const { name, addresses } of answers) {
    for (const address of addresses) {
      const place = places.get(address);
      if (!place) found.push(`${name} may be answered with ${address}, which is nothing`);
      else if (!place.ready)
        found.push(
          `${name} may be answered with ${address}: ${place.service} of ${place.release} is not ready`,
        );
    }
  }
  const releases = new Set(served.map((address) => places.get(address ?? "")?.release));
  if (releases.size > 1) found.push(`the names are divided between ${[...releases].join(" and ")}`);
  return found;
}

async function locate(
  views: NamespaceViews,
  isRelease: (namespace: string) => boolean,
): Promise<Map<string, Place>> {
  const places = new Map<string, Place>();
  for (const release of (await views.names()).filter(isRelease)) {
    const view = await views.read(release);
    if (!view) continue;
    for (const [service, address] of addressesOf(view))
      places.set(address, { release, service, ready: isServiceReady(view, service) });
  }
  return places;
}
