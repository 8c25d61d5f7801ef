import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HelmOptions } from "../../../../src/adapters/helm/command.ts";
import { createReleases } from "../../../../src/adapters/helm/index.ts";
import {
  applyArguments,
  helmDuration,
  listArguments,
  templateArguments,
  uninstallArguments,
} from "../../../../src/adapters/helm/arguments.ts";
import { parseManifests } from "../../../../src/adapters/helm/manifests.ts";
import { ConfigError, PermanentError, TransientError } from "../../../../src/errors.ts";
import { generateSecrets } from "../../../fixtures/secrets.ts";
import { createRecordingProgram } from "../../../tools/recording-program.ts";
import { removeFolder } from "../../../tools/remove-folder.ts";

const chart = {
  name: "prod-aaaaa",
  chartDir: "/work/chart",
  valuesFiles: ["/work/chart/prod.yaml", "/tmp/secrets, too/secrets.yaml"],
  timeoutMs: 90_500,
};
const signal = new AbortController().signal;

describe("helm's arguments", () => {
  it("install into the release's own namespace, later values files last", () => {
    expect(applyArguments("install", chart)).toEqual([
      ...["install", "prod-aaaaa", "/work/chart", "--namespace", "prod-aaaaa"],
      ...["--values", "/work/chart/prod.yaml", "--values", '"/tmp/secrets, too/secrets.yaml"'],
      ...["--timeout", "91s", "--hide-notes"],
    ]);
  });

  it("never wait for pods and never roll back", () => {
    expect(applyArguments("install", chart).join(" ")).not.toMatch(/--wait|--atomic|--rollback/);
  });

  it("uninstall whatever state it is in, and wait", () => {
    expect(uninstallArguments("prod-aaaaa", 1)).toEqual([
      ...["uninstall", "prod-aaaaa", "--namespace", "prod-aaaaa", "--ignore-not-found", "--wait"],
      ...["--timeout", "1s"],
    ]);
  });

  it("list every state of exactly this release", () => {
    expect(listArguments("prod-aaaaa")).toEqual(expect.arrayContaining(["--pending", "--uninstalling"]));
    expect(listArguments("prod-aaaaa")).toContain("^prod-aaaaa$");
  });

  it("render without tests and custom resource definitions, which no install makes for its record", () => {
    expect(templateArguments(chart)).toEqual(expect.arrayContaining(["--skip-crds", "--skip-tests"]));
  });

  it("render for the cluster that is known, and for helm's own idea of one where it is not", () => {
    const capabilities = { kubeVersion: "v1.33.1-gke.100", apiVersions: ["v1", "apps/v1/Deployment"] };
    expect(templateArguments({ ...chart, capabilities }).slice(-4)).toEqual([
      ...["--kube-version", "v1.33.1-gke.100", "--api-versions", "v1,apps/v1/Deployment"],
    ]);
    expect(templateArguments(chart).join(" ")).not.toMatch(/--kube-version|--api-versions/);
    expect(applyArguments("install", { ...chart, capabilities })).toEqual(applyArguments("install", chart));
  });

  it("never say zero, which would mean at once", () => {
    expect([0, 1, 999, 1_000, 60_000].map(helmDuration)).toEqual(["1s", "1s", "1s", "1s", "60s"]);
  });
});

describe("rendered manifests", () => {
  const parse = (text: string) => parseManifests(text).map(({ kind, name }) => `${kind}/${name}`);

  it("are read document by document, and lists item by item", () => {
    const text = `---
# nothing but a comment
---
apiVersion: v1
kind: ConfigMap
metadata: { name: a }
---
apiVersion: v1
kind: List
items:
  - { apiVersion: v1, kind: Service, metadata: { name: b } }
  - { apiVersion: v1, kind: Secret, metadata: { name: c } }
`;
    expect(parse(text)).toEqual(["ConfigMap/a", "Service/b", "Secret/c"]);
    expect(parse("")).toEqual([]);
  });

  it("are refused when they are no objects, without quoting them", () => {
    for (const text of ["kind: Secret\nstringData: {p: canary}\n", "a: [canary", "- canary"]) {
      const failure = (() => {
        try {
          return parseManifests(text);
        } catch (error) {
          return error;
        }
      })();
      expect(failure).toBeInstanceOf(ConfigError);
      expect(JSON.stringify(failure)).not.toContain("canary");
    }
  });
});

describe("a helm process", () => {
  let dir: string;
  beforeEach(async () => void (dir = await mkdtemp(path.join(tmpdir(), "powo-fake-helm-"))));
  afterEach(() => removeFolder(dir));

  const options = (bin: string): HelmOptions => ({
    bin,
    workDir: path.join(dir, "work"),
    env: { PATH: process.env["PATH"], API_PASSWORD: "canary-env", KUBERNETES_SERVICE_HOST: "10.0.0.1" },
    kubeconfig: "/somewhere/kubeconfig",
  });

  it("gets the files' paths, and nothing of the builder's own environment", async () => {
    const program = await createRecordingProgram(dir);
    const secrets = generateSecrets();
    const file = path.join(dir, "secrets.yaml");
    await writeFile(file, secrets.text);
    const releases = createReleases(options(program.file));
    await releases.install({ ...chart, valuesFiles: [file] }, signal);
    await releases.render({ ...chart, valuesFiles: [file] }, signal);
    const [install, render] = await program.calls();
    expect(install?.args).toEqual(applyArguments("install", { ...chart, valuesFiles: [file] }));
    expect(install?.env).toMatchObject({
      KUBECONFIG: "/somewhere/kubeconfig",
      KUBERNETES_SERVICE_HOST: "10.0.0.1",
    });
    expect(install?.env["HELM_CACHE_HOME"]).toContain(dir);
    expect(render?.env).not.toHaveProperty("KUBECONFIG");
    const seen = JSON.stringify([install, render]);
    for (const canary of [...secrets.canaries, "canary-env"]) expect(seen).not.toContain(canary);
  });

  it("that was killed is an outage", async () => {
    const program = await createRecordingProgram(dir, "kill -KILL $$");
    const install = createReleases(options(program.file)).install(chart, signal);
    const failure = await install.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(TransientError);
    expect(failure).toMatchObject({ dependency: "helm" });
  });

  it("that fails says its last lines, when the cluster can be asked", async () => {
    const program = await createRecordingProgram(
      dir,
      'test "$1" = list && echo "[]" && exit 0; seq 1 100 >&2; echo Error: no such thing >&2; exit 1',
    );
    const failure = await createReleases(options(program.file))
      .install(chart, signal)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PermanentError);
    expect((failure as PermanentError).details.at(-1)).toBe("Error: no such thing");
    expect((failure as PermanentError).details.length).toBeLessThan(30);
  });

  it("that fails while the cluster can't be asked is an outage", async () => {
    const program = await createRecordingProgram(dir, "echo unreachable >&2; exit 1");
    const releases = createReleases(options(program.file));
    const outage = { code: "OUTAGE", dependency: "the Kubernetes API" };
    await expect(releases.install(chart, signal)).rejects.toMatchObject(outage);
    await expect(releases.uninstall(chart.name, 1_000, signal)).rejects.toMatchObject(outage);
    await expect(releases.find(chart.name)).rejects.toMatchObject(outage);
    await expect(releases.findObjects(chart.name)).rejects.toMatchObject(outage);
  });

  it("that can't read the record of a release it has listed is an outage too", async () => {
    const listed = JSON.stringify([{ name: chart.name, revision: "1", status: "deployed" }]);
    const program = await createRecordingProgram(
      dir,
      `test "$1" = list && echo '${listed}' && exit 0; exit 1`,
    );
    const releases = createReleases(options(program.file));
    expect(await releases.find(chart.name)).toEqual({ name: chart.name, revision: 1, status: "deployed" });
    await expect(releases.findObjects(chart.name)).rejects.toMatchObject({ code: "OUTAGE" });
  });

  it("that doesn't listen to SIGTERM is killed", async () => {
    const program = await createRecordingProgram(dir, "trap '' TERM; while :; do sleep 0.1; done");
    const abort = new AbortController();
    const install = createReleases(options(program.file)).install(chart, abort.signal);
    setTimeout(() => abort.abort(new Error("stop now")), 300);
    await expect(install).rejects.toThrow("stop now");
  });

  it("that is not there is a mistake of the configuration", async () => {
    const failure = await createReleases(options("/nowhere/helm"))
      .install(chart, signal)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect((failure as ConfigError).problems[0]).toMatchObject({ where: "HELM_BIN" });
  });

  it("may talk without end on standard error", async () => {
    const program = await createRecordingProgram(dir, "head -c 20000000 /dev/zero >&2; exit 0");
    await createReleases(options(program.file)).install(chart, signal);
  });
});
