/** What surrounds a cluster: harvesters and portals, Cloud DNS with its zone, the data URL, the chart's repository. */
import { copyFile } from "node:fs/promises";
import path from "node:path";
import { generateSecrets, type SecretsFixture } from "../../fixtures/secrets.ts";
import { startCloudDns, type CloudDns } from "../dns/cloud-dns.ts";
import type { ZoneModel } from "../dns/zone-model.ts";
import { startFiles, type FileServer } from "../files.ts";
import { createInfrastructureRepository, type InfrastructureRepository } from "../git-repository.ts";
import { startGoogle, type Google } from "../google/index.ts";
import type { Way } from "../google/ways.ts";
import type { DataConfiguration } from "../harvester/data-configuration.ts";
import { startHarvesterHost, type HarvesterHost } from "../harvester/host.ts";
import type { HarvesterModel, HarvesterOptions } from "../harvester/model.ts";
import type { PublicName } from "./live-release.ts";
import { isServiceReady, type NamespaceViews } from "./namespace-view.ts";

export interface HarvestPace {
  /** How many times as fast as ours the harvesters' clock runs. */
  speed?: number;
  /** Their clock itself, in milliseconds since the epoch, instead of a speed. */
  now?: () => number;
  /** Period of the harvesters' timer, by their own clock. */
  timerMs?: number;
  /** How long their jobs run, by their own clock; by their records unless given. */
  jobMs?: HarvesterOptions["jobMs"];
}

/** A database that a harvester of this world has or had. */
interface Database {
  namespace: string;
  model: HarvesterModel;
}

export interface Emulators {
  harvesters: HarvesterHost;
  /** Every database that ever was, the oldest first. */
  databases: Database[];
  dns: CloudDns;
  /** Undefined where Cloud DNS is reached without a login, by CLOUD_DNS_ENDPOINT. */
  google: Google | undefined;
  zone: ZoneModel;
  names: PublicName[];
  files: FileServer;
  dataUrl: string;
  repository: InfrastructureRepository;
  /** The chart in the repository's work tree, and the values of the environment. */
  chart: { dir: string; values: string };
  secrets: SecretsFixture;
}

export interface EmulatorsOptions {
  dir: string;
  environment: string;
  views: NamespaceViews;
  data: DataConfiguration;
  pace: HarvestPace;
  /** How long a change stays pending in Cloud DNS. */
  pendingMs: number;
  /** How Google is reached by its names, if it is. */
  google: Way["kind"] | undefined;
}

export const project = "example-project";

export async function startEmulators(options: EmulatorsOptions): Promise<Emulators> {
  const { dir, environment, views, data, pace, pendingMs } = options;
  const secrets = generateSecrets();
  const databases: Database[] = [];
  const harvesters = await startHarvesters(views, pace, secrets.passwords.harvester, databases);
  const dns = await startCloudDns();
  const domain = `${environment}.plantsoftheworld.online.`;
  const zoneName = `${environment}-plantsoftheworld-online`;
  const google =
    options.google === undefined ? undefined : await startGoogle({ dir, project, dns, way: options.google });
  const zone = dns.addZone({ name: zoneName, dnsName: domain, pendingMs, project });
  const names: PublicName[] = [
    { name: domain, service: "ingress" },
    { name: `colplanta.${domain}`, service: "ingress-colplanta" },
    { name: `colfungi.${domain}`, service: "ingress-colfungi" },
  ];
  const files = await startFiles();
  const dataUrl = files.serve(`data-${environment}.json`, data);
  const repository = await createInfrastructureRepository(dir);
  const valuesOf = (folder: string) => path.join(folder, "powo", `${environment}.yaml`);
  if (environment !== "prod" && environment !== "uat") {
    await repository.commit((folder) => copyFile(path.join(folder, "powo/prod.yaml"), valuesOf(folder)));
  }
  const work = path.join(dir, "infrastructure");
  const chart = { dir: path.join(work, "powo"), values: valuesOf(work) };
  return { harvesters, databases, dns, google, zone, names, files, dataUrl, repository, chart, secrets };
}

function startHarvesters(
  views: NamespaceViews,
  { speed = 1, now, timerMs, jobMs }: HarvestPace,
  password: string,
  databases: Database[],
): Promise<HarvesterHost> {
  const began = Date.now();
  return startHarvesterHost({
    now: now ?? (() => began + (Date.now() - began) * speed),
    ...(timerMs !== undefined && { tickMs: timerMs }),
    ...(jobMs !== undefined && { model: { jobMs } }),
    instanceFor: async (namespace) => (await views.read(namespace))?.uid,
    isReady: async (namespace, service) => {
      const view = await views.read(namespace);
      return view !== undefined && isServiceReady(view, service);
    },
    password,
    onNewModel: (model, namespace) => databases.push({ namespace, model }),
  });
}

export async function stopEmulators({ harvesters, dns, google, files }: Emulators): Promise<void> {
  await Promise.all([harvesters.close(), dns.close(), google?.close(), files.close()]);
}
