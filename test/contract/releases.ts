/** What the steps rely on of Helm, whatever cluster is behind it. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError, PermanentError } from "../../src/errors.ts";
import type { ChartInstall, Releases } from "../../src/ports/releases.ts";
import { removeFolder } from "../tools/remove-folder.ts";

export interface ReleasesWorld {
  releases: Releases;
  helm: string;
  kubectl: (args: readonly string[]) => Promise<string>;
  kubeconfig: string;
  close(): Promise<void>;
}

const tinyChart = path.resolve(import.meta.dirname, "../fixtures/tiny-chart");

/** A hook that never ends while the simulation says so. */
const hook = `
apiVersion: batch/v1
kind: Job
metadata:
  name: hook
  annotations: { helm.sh/hook: pre-install }
spec:
  backoffLimit: 0
  template:
    metadata: { labels: { app: hook } }
    spec: { restartPolicy: Never, containers: [{ name: hook, image: "example.test/hook:1" }] }
`;

export function describeReleases(name: string, make: () => Promise<ReleasesWorld>): void {
  describe(`${name} as Releases`, () => {
    const signal = new AbortController().signal;
    let world: ReleasesWorld;
    let dir: string;
    const left: ChildProcess[] = [];

    beforeAll(async () => {
      world = await make();
      dir = await mkdtemp(path.join(tmpdir(), "powo-releases-"));
    });
    afterAll(async () => {
      for (const child of left) child.kill("SIGKILL");
      await world.close();
      await removeFolder(dir);
    });

    const chart = async (change: Partial<ChartInstall> = {}): Promise<ChartInstall> => {
      const random = Math.random().toString(36).slice(2, 7).padEnd(5, "0");
      const release = `rel-${random}`;
      await world.kubectl(["create", "namespace", release]);
      return { name: release, chartDir: tinyChart, valuesFiles: [], timeoutMs: 30_000, ...change };
    };
    const chartWith = async (template: string): Promise<string> => {
      const folder = await mkdtemp(path.join(dir, "chart-"));
      await cp(tinyChart, folder, { recursive: true });
      await writeFile(path.join(folder, "templates/more.yaml"), template);
      return folder;
    };
    const simulate = (key: string, value: string | null) =>
      world.kubectl([
        ...["patch", "configmap", "simulation", "-n", "kube-system", "--type=merge", "-p"],
        JSON.stringify({ data: { [key]: value } }),
      ]);
    /** A helm at work on a release, as a killed builder leaves it. */
    const leaveHelmAtWork = async (install: ChartInstall): Promise<ChildProcess> => {
      await simulate(install.name, `${install.name}/hook never-ready`);
      const child = spawn(
        world.helm,
        ["install", install.name, install.chartDir, "-n", install.name, "--timeout=10m"],
        {
          env: {
            PATH: process.env["PATH"],
            HOME: dir,
            KUBECONFIG: world.kubeconfig,
          },
          stdio: "ignore",
        },
      );
      left.push(child);
      while ((await world.releases.find(install.name))?.status !== "pending-install") await delay(50);
      return child;
    };

    it("finds nothing where nothing is, not even a namespace", async () => {
      expect(await world.releases.find("rel-nothere")).toBeUndefined();
    });

    it("installs without waiting for pods, finds and uninstalls an ordinary release", async () => {
      const values = path.join(dir, "more, values.yaml");
      await writeFile(values, "extra: from-file\n");
      const install = await chart({ valuesFiles: [values] });
      await simulate(install.name, `${install.name}/* never-ready`);
      await world.releases.install(install, signal);
      await simulate(install.name, null);
      expect(await world.releases.find(install.name)).toMatchObject({
        name: install.name,
        status: "deployed",
        revision: 1,
      });
      const deployment = await world.kubectl(["get", "deployment", "tiny", "-n", install.name, "-o", "json"]);
      expect(deployment).toContain("from-file");
      await world.releases.uninstall(install.name, 30_000, signal);
      expect(await world.releases.find(install.name)).toBeUndefined();
      expect(await world.kubectl(["get", "deployment", "-n", install.name, "-o", "name"])).toBe("");
    });

    it("takes the uninstall of what is gone already for done", async () => {
      await world.releases.uninstall("rel-nothere", 10_000, signal);
    });

    it("says what helm said when an install fails, and uninstalls what that left", async () => {
      const namespaceless = await chart({
        chartDir: await chartWith("apiVersion: v1\nkind: Nonsense\nmetadata: {name: x}"),
      });
      const failure = await world.releases.install(namespaceless, signal).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(PermanentError);
      expect(failure).toMatchObject({ code: "HELM_FAILED" });
      expect((failure as PermanentError).details.join("\n")).toContain("INSTALLATION FAILED");

      const refused = await chart({
        chartDir: await chartWith("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_Valid}"),
      });
      await expect(world.releases.install(refused, signal)).rejects.toMatchObject({ code: "HELM_FAILED" });
      expect(await world.releases.find(refused.name)).toMatchObject({ status: "failed" });
      await world.releases.uninstall(refused.name, 30_000, signal);
      expect(await world.releases.find(refused.name)).toBeUndefined();
    });

    it("ends an install that is aborted, with the reason of the abort", async () => {
      const install = await chart({ chartDir: await chartWith(hook) });
      await simulate(install.name, `${install.name}/hook never-ready`);
      const abort = new AbortController();
      const installing = world.releases.install(install, abort.signal);
      const outcome = expect(installing).rejects.toThrow("stop now");
      while (!(await world.releases.find(install.name))) await delay(50);
      abort.abort(new Error("stop now"));
      await outcome;
      await simulate(install.name, null);
    });

    it("finds and uninstalls a release that a killed helm left pending", async () => {
      const install = await chart({ chartDir: await chartWith(hook) });
      const child = await leaveHelmAtWork(install);
      child.kill("SIGKILL");
      await once(child, "exit");
      await simulate(install.name, null);
      expect(await world.releases.find(install.name)).toMatchObject({ status: "pending-install" });
      await world.releases.uninstall(install.name, 30_000, signal);
      expect(await world.releases.find(install.name)).toBeUndefined();
    });

    it("renders every object, hooks as well but no tests, without a cluster", async () => {
      const folder = await chartWith(
        `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, labels: {name: n}}\n---\n${hook}\n---\n${hook.replace("name: hook", "name: test").replace("pre-install", "test")}`,
      );
      await mkdir(path.join(folder, "crds"));
      const crd =
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\n";
      await writeFile(path.join(folder, "crds/crd.yaml"), crd);
      const chartOf = { name: "rel-aaaaa", chartDir: folder, valuesFiles: [], timeoutMs: 1_000 };
      const objects = await world.releases.render(chartOf, signal);
      expect(objects.map(({ kind }) => kind).sort()).toEqual([
        ...["ConfigMap", "Deployment", "Job", "PersistentVolumeClaim", "Secret", "Service", "StatefulSet"],
      ]);
      expect(objects.find(({ kind }) => kind === "ConfigMap")).toMatchObject({
        apiVersion: "v1",
        name: "c",
        labels: { name: "n" },
      });
    });

    it("renders for the cluster whose version and APIs it is told", async () => {
      const template = `apiVersion: v1
kind: ConfigMap
metadata:
  name: told
  labels:
    name: told
data:
  version: {{ .Capabilities.KubeVersion.Version }}
  offers: {{ .Capabilities.APIVersions.Has "gateway.example/v1/Route" | quote }}
`;
      const chartOf = {
        name: "rel-aaaaa",
        chartDir: await chartWith(template),
        valuesFiles: [],
        timeoutMs: 1_000,
      };
      const capabilities = {
        kubeVersion: "v1.31.4-gke.100",
        apiVersions: ["v1", "gateway.example/v1/Route"],
      };
      const find = async (given: ChartInstall) =>
        (await world.releases.render(given, signal)).find(({ name }) => name === "told")?.manifest["data"];
      expect(await find({ ...chartOf, capabilities })).toEqual({
        version: "v1.31.4-gke.100",
        offers: "true",
      });
      expect(await find(chartOf)).toMatchObject({ offers: "false" });
    });

    it("says where a chart does not render", async () => {
      await mkdir(path.join(dir, "broken/templates"), { recursive: true });
      await mkdir(path.join(dir, "not-a-chart"), { recursive: true });
      await writeFile(path.join(dir, "broken/Chart.yaml"), "apiVersion: v1\nname: broken\nversion: 0.1.0\n");
      await writeFile(path.join(dir, "broken/templates/a.yaml"), "{{ .Values.not.there }}");
      for (const [folder, said] of [
        ["broken", "a.yaml:1"],
        ["not-a-chart", "Chart.yaml"],
      ] as const) {
        const chartOf = {
          name: "rel-aaaaa",
          chartDir: path.join(dir, folder),
          valuesFiles: [],
          timeoutMs: 1_000,
        };
        const failure = await world.releases.render(chartOf, signal).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(ConfigError);
        const [problem] = (failure as ConfigError).problems;
        expect(problem?.where).toBe("the chart");
        expect(problem?.what).toContain(said);
      }
    });
  });
}
