/** A release that is live already, as the original builder left it: plain helm, none of our labels, names at it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ZoneModel } from "../dns/zone-model.ts";
import { addressesOf, isServiceReady, type NamespaceViews } from "./namespace-view.ts";

export interface PublicName {
  /** Ends with a dot. */
  name: string;
  service: string;
}

export interface LiveReleaseOptions {
  release: string;
  helm: (args: readonly string[]) => Promise<unknown>;
  chartDir: string;
  valuesFiles: readonly string[];
  views: NamespaceViews;
  zone: ZoneModel;
  names: readonly PublicName[];
  ttlSeconds: number;
}

const longestMs = 60_000;

/** Installs it, waits until it is ready and has its addresses, and points the names at them. */
export async function installLiveRelease(options: LiveReleaseOptions): Promise<void> {
  const { release, helm, chartDir, valuesFiles, views, zone, names, ttlSeconds } = options;
  const values = valuesFiles.flatMap((file) => ["--values", file]);
  const args = ["install", release, chartDir, "--namespace", release, "--create-namespace", ...values];
  await helm(args);
  for (const { name, service } of names) {
    const address = await addressOf(views, release, service);
    zone.put({ name, type: "A", ttl: ttlSeconds, rrdatas: [address] });
  }
}

async function addressOf(views: NamespaceViews, release: string, service: string): Promise<string> {
  for (const deadline = Date.now() + longestMs; ;) {
    const view = await views.read(release);
    const address = view && isServiceReady(view, service) ? addressesOf(view).get(service) : undefined;
    if (address !== undefined) return address;
    if (Date.now() > deadline) throw new Error(`${service} of ${release} got no address in ${longestMs} ms`);
    await sleep(50);
  }
}
