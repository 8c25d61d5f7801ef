/** Helm over the model: an operation takes its time on its builder's clock, and is left half done where that dies. */
import { ConfigError, PermanentError, TransientError } from "../../src/errors.ts";
import type { Clock } from "../../src/pipeline/clock.ts";
import type { Releases } from "../../src/ports/releases.ts";
import type { ClusterModel, FakeNamespace } from "./cluster-model.ts";

const failed = (verb: string, name: string, why: string) =>
  new PermanentError("HELM_FAILED", `helm could not ${verb} ${name}`, { details: [why] });

const containerOf = (name: string, tag: string) => ({
  name,
  image: `registry.example/${name}:${tag}`,
  resources: { requests: { cpu: "1500m", memory: "10Gi" } },
});

const isGoing = (namespace: FakeNamespace | undefined): boolean => namespace?.goneAt !== undefined;

export function createFakeReleases(
  model: ClusterModel,
  clock: Clock,
  { services, chart }: { services: readonly string[]; chart: { broken: string | undefined; tag: string } },
): Releases {
  const objects = (tag: string) => [
    ...[...services, "harvester", "portal"].map((name) => ({
      apiVersion: "v1",
      kind: "Service",
      name,
      labels: { name },
      manifest: { spec: { type: services.includes(name) ? "LoadBalancer" : "ClusterIP" } },
    })),
    ...["db", "solr", "portal"].map((name) => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      name,
      labels: { name },
      manifest: { spec: { replicas: 1, template: { spec: { containers: [containerOf(name, tag)] } } } },
    })),
  ];
  /** Helm tells a missing right from an outage in words only, which nobody reads. */
  const readable = (name: string): FakeNamespace | undefined => {
    const namespace = model.find(name);
    if (namespace?.bound !== false) return namespace;
    throw new TransientError("the Kubernetes API", "helm could not read the releases of the cluster");
  };
  return {
    async find(name) {
      const release = readable(name)?.release;
      return release && { name, status: release.status, revision: release.revision };
    },
    async findObjects(name) {
      const release = readable(name)?.release;
      return release ? objects(release.tag ?? "1") : [];
    },
    async render() {
      const why = chart.broken;
      if (why !== undefined) throw new ConfigError([{ where: "chart powo", what: why }]);
      return objects(chart.tag);
    },
    async upgrade({ name }, signal) {
      const release = readable(name)?.release;
      if (!release) throw failed("upgrade", name, "release: not found");
      if (release.status.startsWith("pending-"))
        throw failed("upgrade", name, "another operation is in progress");
      [release.status, release.revision] = ["pending-upgrade", release.revision + 1];
      await clock.sleep(model.times.installMs, signal);
      release.status = "deployed";
    },
    async rollback(name) {
      const release = readable(name)?.release;
      if (!release) throw failed("rollback", name, "release: not found");
      [release.status, release.revision] = ["deployed", release.revision + 1];
    },
    async install({ name }, signal) {
      const namespace = readable(name);
      if (!namespace || namespace.goneAt !== undefined)
        throw failed("install", name, "namespace is not there");
      if (namespace.release) throw failed("install", name, "another operation is in progress");
      const mine = { status: "pending-install", revision: 1, installedAt: undefined, addresses: {} } as const;
      const release = (namespace.release = { ...mine });
      await clock.sleep(model.times.installMs, signal);
      if (model.find(name)?.release !== release || isGoing(model.find(name)))
        throw failed("install", name, "release: not found");
      model.install(name).tag = chart.tag;
    },
    async uninstall(name, timeoutMs, signal) {
      const release = readable(name)?.release;
      if (!release) return;
      release.status = "uninstalling";
      if (model.find(name)?.hookFails) throw failed("uninstall", name, "pre-delete hook failed: deadline");
      await clock.sleep(Math.min(timeoutMs, model.times.uninstallMs), signal);
      if (model.find(name)?.release === release) model.uninstall(name);
    },
  };
}
