/**
 * The real Helm on the Kubernetes emulator: one of the requests of its install fails, and the install is put right and tried
 * again. `MATRIX=full` plays every request; one again: `MATRIX=full npx vitest run test/scenarios/helm-faults -t "request 7 "`.
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createReleases } from "../../src/adapters/helm/index.ts";
import { connect } from "../../src/adapters/kubernetes/client.ts";
import { createCluster } from "../../src/adapters/kubernetes/cluster.ts";
import { emptyHistory } from "../../src/domain/history.ts";
import { type RunState, schemaVersion } from "../../src/domain/run.ts";
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

/** Runs the step; the given request (from 0) of the first install fails. Returns how many requests that install made. */
async function install(failing?: { request: number; fault: Fault }) {
  const fake = createFakeWorld();
  const connection = connect({ kubeconfig: kubernetes.kubeconfig, namespace: "builder" });
  const real = createReleases({
    bin: helm,
    workDir: dir,
    env: process.env,
    kubeconfig: kubernetes.kubeconfig,
  });
  let installs = 0;
  let requests = 0;
  let isInstalling = false;
  kubernetes.faults.clear();
  kubernetes.faults.add(
    () => isInstalling && installs === 1 && (requests += 1) - 1 === failing?.request,
    failing?.fault ?? { kind: "empty" },
  );
  const held = <T extends object>(port: T): T =>
    Object.fromEntries(
      Object.entries(port).map(([name, call]: [string, (...args: unknown[]) => Promise<unknown>]) => [
        name,
        (...args: unknown[]) => fake.clock.hold(() => call(...args)),
      ]),
    ) as T;
  const ports = {
    cluster: held(createCluster(connection)),
    releases: held({
      ...real,
      async install(...args: Parameters<typeof real.install>) {
        [isInstalling, installs] = [true, installs + 1];
        await real.install(...args).finally(() => (isInstalling = false));
      },
    }),
  };
  const { world } = fake.builder("one", { ports });
  const { sources } = world.ports;
  world.ports.sources = {
    ...sources,
    fetchChart: async () => ({ ...(await sources.fetchChart(undefined, signal)), dir: chartDir }),
    readSecrets: async () => ({ file: path.join(chartDir, "values.yaml"), sha256: "2", values: {} }),
  };
  const { signal } = new AbortController();
  const release = `prod-h${String((releases += 1)).padStart(4, "0")}`;
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
  return { result, found, installs, requests, objects: await real.findObjects(release), release };
}

describe("an install with the real Helm", async () => {
  it("makes some thirty requests", async () => {
    const { requests, installs, found } = await install();
    expect(found?.status).toBe("deployed");
    expect(installs).toBe(1);
    expect(requests).toBeGreaterThan(10);
  });

  const indexes = Array.from({ length: 24 }, (_, index) => index);
  const cases = indexes.flatMap((request) =>
    faults.map((fault) => ({ request, fault, kind: JSON.stringify(fault) })),
  );
  it.each(sample(cases, isFull ? Infinity : 6, "helm"))(
    "request $request fails with $kind",
    async (failing) => {
      const { result, found, objects, release } = await install(failing);
      expect(result.kind).toBe("done");
      expect(found).toMatchObject({ name: release, status: "deployed" });
      expect(objects.length).toBeGreaterThan(0);
      for (const { kind, name } of objects)
        expect(kubernetes.store.get(kind, release, name), `${kind} ${name}`).toBeDefined();
    },
  );
});
