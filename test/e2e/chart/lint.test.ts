/** All that the chart can render, looked at by other people's tools, and installed on the real control plane. */
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requireBinaries } from "../../tools/binaries.ts";
import { removeFolder } from "../../tools/remove-folder.ts";
import { fieldValues, helmTemplate, renderChart, valuesWith } from "../../unit/chart/render.ts";
import { asAdmin, makeBuilder } from "./cluster.ts";
import { ensureKinds, everything } from "./everything.ts";
import { schemaName, writeSchemas } from "./schemas.ts";
import { chartTool } from "./tools.ts";

/** What checkov takes for a fault here, and why it is none. */
const falseAlarms: Record<string, string> = {
  CKV_K8S_8: "the Pod of `helm test` is a verb that ends by itself; nothing restarts it",
  CKV_K8S_9: "the Pod of `helm test` serves nothing that could be ready",
  CKV_K8S_11: "a CPU limit would slow helm down for nothing; memory and disk are limited",
  CKV_K8S_35: "a Secret's key as a variable is what the original's settings are; files of secrets are files",
  CKV_K8S_38: "the builder works by the Kubernetes API: it needs its token",
};

let dir: string;
const kinds = { "an operator's values": fieldValues, "all that can be set": () => valuesWith(everything) };
const rendered: Record<string, string> = {};
const { kubectl } = await requireBinaries();
const run = (file: string, args: string[], cwd = dir) =>
  execa(file, args, { cwd, all: true, reject: false, timeout: 240_000 });

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "powo-lint-"));
  await ensureKinds();
  await mkdir(path.join(dir, "schemas"));
  await writeSchemas(path.join(dir, "schemas"));
  for (const [what, values] of Object.entries(kinds)) {
    const { stdout, stderr, exitCode } = await helmTemplate(await values());
    expect(exitCode, stderr).toBe(0);
    rendered[what] = stdout;
  }
});
afterAll(() => removeFolder(dir));

/** A file of its own with these manifests. */
async function fileOf(text: string): Promise<string> {
  const folder = await mkdtemp(path.join(dir, "rendered-"));
  await writeFile(path.join(folder, "all.yaml"), text);
  return path.join(folder, "all.yaml");
}

describe("kubeconform, by the schemas of this very cluster", () => {
  const conform = async (text: string) => {
    const location = path.join(dir, "schemas", schemaName);
    const args = ["-strict", "-summary", "-output", "json", "-schema-location", location];
    const { stdout, exitCode } = await run(chartTool("kubeconform"), [...args, await fileOf(text)]);
    return { exitCode, ...(JSON.parse(stdout) as { summary: object; resources: { msg: string }[] }) };
  };

  test.each(Object.keys(kinds))("finds nothing with %s, and skips nothing", async (what) => {
    const { exitCode, summary, resources } = await conform(rendered[what]!);
    expect({ exitCode, resources }).toEqual({ exitCode: 0, resources: [] });
    expect(summary).toEqual({
      ...{ valid: rendered[what]!.match(/^kind: /gm)?.length },
      ...{ invalid: 0, errors: 0, skipped: 0 },
    });
  });

  test.each([
    ["a field of a CronJob", "backoffLimit:", "backOffLimit:"],
    ["a field of a PrometheusRule", "expr: |-", "expression: |-"],
    ["a field of a PodMonitor", "podMetricsEndpoints:", "podMetricEndpoints:"],
    ["a field of a PodMonitoring", "endpoints:\n", "endpoint:\n"],
    ["a field of an admission policy", "matchConstraints:", "matchConstraint:"],
    ["a type", "suspend: true", "suspend: 1"],
  ])("would tell of %s that is wrong", async (_, right, wrong) => {
    const text = rendered["all that can be set"]!;
    expect(text).toContain(right);
    const { exitCode } = await conform(text.replaceAll(right, wrong));
    expect(exitCode).toBe(1);
  });
});

describe("kustomize", () => {
  const build = async (text: string) => {
    const folder = path.dirname(await fileOf(text));
    await writeFile(path.join(folder, "kustomization.yaml"), "resources: [all.yaml]\nnamePrefix: own-\n");
    return run(kubectl, ["kustomize", folder]);
  };

  test.each(Object.keys(kinds))("takes the rendered chart as a resource, with %s", async (what) => {
    const { exitCode, all, stdout } = await build(rendered[what]!);
    expect(exitCode, all).toBe(0);
    expect(stdout.match(/^kind: /gm)).toHaveLength(rendered[what]!.match(/^kind: /gm)!.length);
  });

  test("refuses a key that is there twice", async () => {
    const twice = rendered["all that can be set"]!.replace(/^( +)suspend: .*$/m, "$&\n$1suspend: true");
    const { exitCode, all } = await build(twice.replace(/^( +)concurrencyPolicy: .*$/m, "$&\n$&"));
    expect(exitCode).not.toBe(0);
    expect(all).toMatch(/already (set|defined)|duplicate/i);
  });
});

test("checkov's alarms are those that are known to be false, each of them still raised", async () => {
  interface Report {
    results: { failed_checks: { check_id: string; check_name: string; resource: string }[] };
    summary: { passed: number; parsing_errors: number };
  }
  const args = ["--framework", "kubernetes", "--skip-download", "--compact", "--quiet", "-o", "json"];
  const file = await fileOf(rendered["all that can be set"]!);
  const { stdout, stderr } = await run(chartTool("checkov"), [...args, "-f", file]);
  const report = JSON.parse(stdout || "{}") as Report;
  expect(report.summary, stderr).toMatchObject({ parsing_errors: 0 });
  expect(report.summary.passed).toBeGreaterThan(500);
  const alarms = report.results.failed_checks;
  expect(
    alarms
      .filter(({ check_id }) => !(check_id in falseAlarms))
      .map((one) => `${one.check_id} ${one.check_name}: ${one.resource}`),
  ).toEqual([]);
  expect([...new Set(alarms.map(({ check_id }) => check_id))].sort()).toEqual(
    Object.keys(falseAlarms).sort(),
  );
});

describe("the chart with all of it", () => {
  const builder = makeBuilder("all");
  afterAll(() => builder.remove());

  test("is installed, upgraded and removed, and every object is there meanwhile", async () => {
    // The values of an environment that is made for this test win.
    const values = { ...everything, ...builder.values, password: {}, dataConfig: everything["dataConfig"] };
    await builder.install(values);
    await builder.install({ ...values, commonLabels: { team: "other" } });
    const objects = await renderChart(values, { namespace: builder.namespace });
    for (const { kind, metadata } of objects) {
      if (metadata.annotations?.["helm.sh/hook"]) continue;
      const where = ["-n", metadata.namespace ?? builder.namespace, "-o", "jsonpath={.metadata.labels.team}"];
      const team = await asAdmin(["get", `${kind}`.toLowerCase(), metadata.name, ...where]);
      expect(team, `${kind} ${metadata.name}`).toBe(metadata.name === "mine" ? "" : "other");
    }
    const seen = new Set(objects.map(({ kind }) => kind as string));
    for (const kind of [
      "PrometheusRule",
      "PodMonitor",
      "PodMonitoring",
      "ValidatingAdmissionPolicy",
      "ConfigMap",
    ])
      expect(seen).toContain(kind);
    await builder.remove();
    expect(await asAdmin(["get", "clusterroles", "-o", "name"])).not.toContain(builder.environment);
  });
});
