/**
 * The real Helm on the Kubernetes emulator: one of the requests of its install or upgrade fails, or all from one on, and it is
 * put right and tried again. `MATRIX=full` plays every request; one again: `MATRIX=full npx vitest run test/scenarios/helm-faults -t "request 7 "`.
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createReleases } from "../../src/adapters/helm/index.ts";
import { connect } from "../../src/adapters/kubernetes/client.ts";
import { createCluster } from "../../src/adapters/kubernetes/cluster.ts";
import { emptyHistory } from "../../src/domain/history.ts";
import { namespaceLabels } from "../../src/domain/names.ts";
import { type RunState, schemaVersion } from "../../src/domain/run.ts";
import { updateLive } from "../../src/operate/update-live.ts";
import { Lock } from "../../src/pipeline/lock.ts";
import { Run } from "../../src/pipeline/run.ts";
import { noAttachments } from "../../src/pipeline/state.ts";
import { installRelease } from "../../src/steps/install-release.ts";
import { createFakeWorld } from "../fakes/world.ts";
import type { Fault } from "../sandbox/faults.ts";
import { startKubernetes, type SandboxCluster } from "../sandbox/kubernetes/index.ts";
import { requireBinaries } from "../tools/binaries.ts";
import { removeFolder } from "../tools/remove-folder.ts";
import { isFull, matrixSeed, sample } from "./matrix.ts";

const chartDir = path.resolve(import.meta.dirname, "../fixtures/tiny-chart");
const faults: readonly Fault[] = [
  { kind: "status", status: 403 },
  { kind: "status", status: 409 },
  { kind: "status", status: 500 },
  { kind: "reset" },
];

let dir: string;
let kubernetes: SandboxCluster;
let helm: string;
let releases = 0;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "powo-helm-faults-"));
  kubernetes = await startKubernetes({ dir, seed: matrixSeed });
  helm = (await requireBinaries()).helm;
});
afterAll(async () => {
  await kubernetes.stop();
  await removeFolder(dir);
});

interface Failing {
  request: number;
  fault: Fault;
  /** And every later one of that use: Helm can't even write down that it has failed. */
  lasts?: boolean;
}

/** A builder whose cluster and Helm are real; the given request (from 0) of its first use of a Helm verb fails. */
async function bench(verb: "install" | "upgrade", failing?: Failing) {
  const fake = createFakeWorld();
  const connection = connect({ kubeconfig: kubernetes.kubeconfig, namespace: "builder" });
  const { kubeconfig } = kubernetes;
  const real = createReleases({ bin: helm, workDir: dir, env: process.env, kubeconfig });
  const seen = { uses: 0, requests: [] as string[] };
  let isAtWork = false;
  kubernetes.faults.clear();
  kubernetes.faults.add(
    ({ method, path: asked }) => {
      if (!isAtWork || seen.uses > 1) return false;
      const late = seen.requests.push(`${method} ${asked}`) - 1 - (failing?.request ?? Infinity);
      return failing?.lasts ? late >= 0 : late === 0;
    },
    failing?.fault ?? { kind: "empty" },
  );
  const held = <T extends object>(port: T): T =>
    Object.fromEntries(
      Object.entries(port).map(([name, call]: [string, (...args: unknown[]) => Promise<unknown>]) => [
        name,
        (...args: unknown[]) => fake.clock.hold(() => call(...args)),
      ]),
    ) as T;
  const used = async (...args: Parameters<typeof real.install>) => {
    [isAtWork, seen.uses] = [true, seen.uses + 1];
    await real[verb](...args).finally(() => (isAtWork = false));
  };
  const ports = { cluster: held(createCluster(connection)), releases: held({ ...real, [verb]: used }) };
  const { world } = fake.builder("one", { ports });
  const { sources } = world.ports;
  world.ports.sources = {
    ...sources,
    fetchChart: async () => ({ ...(await sources.fetchChart(undefined, signal)), dir: chartDir }),
    readSecrets: async () => ({ file: path.join(chartDir, "values.yaml"), sha256: "2", values: {} }),
  };
  const release = `prod-h${String((releases += 1)).padStart(4, "0")}`;
  return { fake, world, real, connection, seen, release, ...ports };
}

const { signal } = new AbortController();

/** Runs the step. */
async function install(failing?: Failing) {
  const { fake, world, real, connection, seen, release } = await bench("install", failing);
  const state: RunState = {
    ...{ schemaVersion, runId: release, environment: "prod", release, phase: "running", builders: [] },
    ...{ startedAt: new Date(fake.clock.now()).toISOString(), steps: [] },
  };
  const lock = new Lock({
    ...{ store: world.leases, clock: world.clock, log: world.log(), identity: "one" },
    ...{ durationMs: 90_000, timeoutMs: 600_000 },
  });
  await lock.acquire(signal);
  const stored = { run: state, stored: undefined, version: undefined, history: emptyHistory };
  const run = Run.open(world, { lock, signal, stored: { ...stored, attachments: noAttachments } });
  const result = await installRelease.run(run);
  const found = await real.find(release);
  connection.close();
  return { result, found, ...seen, objects: await real.findObjects(release), release };
}

/** Updates a release that is live; returns what is there then. */
async function update(failing?: Failing) {
  const { world, fake, real, connection, seen, release, cluster } = await bench("upgrade", failing);
  await cluster.ensureNamespace(release, namespaceLabels("prod", release));
  await real.install({ name: release, chartDir, valuesFiles: [], timeoutMs: 30_000 }, signal);
  const [{ name, zone }, service] = [fake.mappings[0]!, "tiny"];
  let address: string | undefined;
  while (address === undefined) {
    await delay(20);
    [address] = (await cluster.findServices(release)).map((one) => one.address);
  }
  const points = { zone, name, type: "A", ttlSeconds: 300, rrdatas: [address] };
  world.ports.dns = { ...world.ports.dns, findRecords: async () => [points] };
  const settings = { ...world.settings, mappings: [{ zone, name, service }] };
  const pods = await updateLive({ ...world, settings }, signal);
  const found = await real.find(release);
  connection.close();
  return { pods, found, said: fake.said, ...seen };
}

const requests = Array.from({ length: 24 }, (_, index) => index);
const cases: (Failing & { kind: string })[] = requests.flatMap((request) => [
  ...faults.map((fault) => ({ request, fault, kind: JSON.stringify(fault) })),
  { request, fault: { kind: "status", status: 500 }, lasts: true, kind: "500, as all after it" } as const,
]);
const most = isFull ? Infinity : 6;

describe("an install with the real Helm", () => {
  it("makes some thirty requests", async () => {
    const { requests: made, uses, found } = await install();
    expect(found?.status).toBe("deployed");
    expect(uses).toBe(1);
    expect(made.length).toBeGreaterThan(10);
  });

  it.each(sample(cases, most, "helm"))("request $request fails with $kind", async (failing) => {
    const { result, found, objects, release } = await install(failing);
    expect(result.kind).toBe("done");
    expect(found).toMatchObject({ name: release, status: "deployed" });
    expect(objects.length).toBeGreaterThan(0);
    for (const { kind, name } of objects)
      expect(kubernetes.store.get(kind, release, name), `${kind} ${name}`).toBeDefined();
  });
});

describe("an upgrade with the real Helm", () => {
  it("makes some twenty requests", async () => {
    const { requests: made, uses, found, pods } = await update();
    expect(found).toMatchObject({ status: "deployed", revision: 2 });
    expect(uses).toBe(1);
    expect(made.length).toBeGreaterThan(10);
    expect(pods).toHaveLength(2);
  });

  it.each(sample(cases, most, "helm upgrade"))("request $request fails with $kind", async (failing) => {
    const { found, pods } = await update(failing);
    expect(found?.status).toBe("deployed");
    expect(pods).toHaveLength(2);
  });

  it("that was left pending is gone on with from the revision before", async () => {
    const { requests: asked } = await update();
    const request = 1 + asked.findIndex((one) => /^POST .*\/secrets$/.test(one));
    const { found, said } = await update({ request, fault: { kind: "status", status: 500 }, lasts: true });
    expect(said).toContain("an earlier upgrade is unfinished (pending-upgrade); rolling it back first");
    expect(found).toMatchObject({ status: "deployed", revision: 4 });
  });

  it("says that it may not read the releases, where it may not", async () => {
    const { real, connection, release, cluster } = await bench("upgrade");
    await cluster.ensureNamespace(release, namespaceLabels("prod", release));
    const refusing = (status: number, message: string, reason: string) => {
      const body = JSON.stringify({
        kind: "Status",
        apiVersion: "v1",
        status: "Failure",
        code: status,
        message,
        reason,
      });
      const headers = { "content-type": "application/json" };
      kubernetes.faults.clear();
      kubernetes.faults.add(({ path: asked }) => asked.endsWith("/secrets"), {
        kind: "status",
        status,
        headers,
        body,
      });
    };
    refusing(403, `secrets is forbidden: User "x" cannot list resource "secrets"`, "Forbidden");
    await expect(real.find(release)).rejects.toMatchObject({ status: 403 });
    refusing(401, "Unauthorized", "Unauthorized");
    await expect(real.find(release)).rejects.toMatchObject({ status: 401 });
    kubernetes.faults.clear();
    connection.close();
  });
});
