/** The builder as production has it: installed by its chart, in pods that Jobs start, operated with the plugin. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { requireBinaries } from "../../tools/binaries.ts";
import type { EmbeddedWorld } from "../embedded-world.ts";
import type { Container } from "../kubernetes/containers/containers.ts";
import { startProcess, type BuilderProcess } from "./builder-process.ts";
import { project } from "./emulators.ts";
import { shortWaits } from "./settings.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const image = { repository: "powo-builder", tag: "demo" };

export interface InstalledBuilder {
  /** What was typed to install it. */
  command: string;
  /** `kubectl powo …` as an operator types it. */
  type: (line: string, onLine?: (line: string) => void) => BuilderProcess;
  /** The environment in which the operator's kubectl finds cluster and plugin. */
  env: Record<string, string>;
  /** The containers of the pods so far, of all Jobs, the oldest first. */
  containers: readonly Container[];
}

/** Installs the chart into an emulator, with settings over those of a world in a hurry, and more values of the chart. */
export async function installBuilder(
  world: EmbeddedWorld,
  settings: Readonly<Record<string, string>> = {},
  values: object = {},
): Promise<InstalledBuilder> {
  const { kubernetes, builderNamespace: namespace, dir, environment } = world;
  if (!kubernetes) throw new Error("the pods of a real cluster need a real image");
  kubernetes.containers.images.set(`${image.repository}:${image.tag}`, imageOf(world));
  const file = path.join(dir, `${environment}.yaml`);
  await writeFile(file, JSON.stringify({ ...valuesOf(world, settings), ...values }), { mode: 0o600 });
  await world.helm("install", "builder", path.join(root, "chart"), "-n", namespace, "-f", file);
  const { dir: binaries, kubectl } = await requireBinaries();
  const base = world.env();
  const PATH = [path.join(root, "plugin"), binaries, base["PATH"]].join(":");
  const env = { PATH, HOME: dir, KUBECONFIG: world.kubeconfig };
  return {
    command: `helm install builder chart/ -n ${namespace} -f ${environment}.yaml`,
    type: (line, onLine) => startProcess([kubectl, "powo", ...line.split(" ")], { env, onLine }),
    env,
    containers: kubernetes.containers.all,
  };
}

/** What the image's Dockerfile and the node would give. */
function imageOf({ env, google, program }: EmbeddedWorld) {
  const { PATH = "", KUBECONFIG = "", HELM_BIN = "" } = env();
  const command = [process.execPath, program];
  return {
    command: google?.way.wrap(command) ?? command,
    env: { PATH, KUBECONFIG, HELM_BIN, ...google?.way.env },
    paths: {
      TMPDIR: "/tmp",
      SECRETS_FILE: "/tmp/secrets/secrets.yaml",
      BUILDER_CONFIG: "/config/builder.yaml",
      DNS_MAPPINGS_FILE: "/config/dns-mappings.yaml",
      TERMINATION_LOG: "/dev/termination-log",
    },
  };
}

function valuesOf(
  { environment, repository, dataUrl, names, zone, secrets, google, dns, harvesters }: EmbeddedWorld,
  settings: Readonly<Record<string, string>>,
): object {
  return {
    ...{ environment, project, image, strictErrorChecking: true },
    infrastructure: { tag: "master", source: repository.url },
    dataConfig: dataUrl,
    dns: names.map((entry) => ({ zone: zone.name, ...entry })),
    password: secrets.passwords,
    sa: { deployer: google ? JSON.stringify(google.identity.createKey()) : "" },
    settings: {
      ...shortWaits,
      API_PREFIX: harvesters.apiPrefix,
      SITE_PREFIX: harvesters.sitePrefix,
      ...(google ? {} : { CLOUD_DNS_ENDPOINT: dns.url }),
      ...settings,
    },
  };
}
