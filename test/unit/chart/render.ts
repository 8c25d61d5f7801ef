/** Renders the chart with the real helm, so that tests look at what a cluster would be given. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { parse, parseAllDocuments } from "yaml";
import { requireBinaries } from "../../tools/binaries.ts";

export const chartDir = path.resolve(import.meta.dirname, "../../../chart");

export type Values = Record<string, unknown>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- rendered YAML; the tests say what it should hold
export type Manifest = any;

/** An operator's values file in the original's names. */
export async function fieldValues(): Promise<Values> {
  return parse(await readFile(path.join(chartDir, "ci/prod-values.yaml"), "utf8"));
}

/** The field's values with some replaced; a section given here replaces the whole section. */
export async function valuesWith(changes: Values): Promise<Values> {
  return { ...(await fieldValues()), ...changes };
}

/** Runs `helm template`; never throws, so that refusals can be read. */
export async function helmTemplate(
  values: Values,
  options: { namespace?: string; chart?: string; args?: string[] } = {},
) {
  const { helm } = await requireBinaries();
  const namespace = options.namespace ?? "builder-prod";
  const chart = options.chart ?? chartDir;
  const args = ["template", "builder", chart, "-n", namespace, "-f", "-", ...(options.args ?? [])];
  // Collecting garbage would be a third of its work, for a process that lives a fifth of a second and needs 75 MB.
  return execa(helm, args, { input: JSON.stringify(values), reject: false, env: { GOGC: "off" } });
}

/** All objects that the chart makes of these values. */
export async function renderChart(
  values: Values,
  options?: { namespace?: string; chart?: string },
): Promise<Manifest[]> {
  const result = await helmTemplate(values, options);
  if (result.exitCode !== 0) throw new Error(result.stderr);
  return parseAllDocuments(result.stdout)
    .map((document): Manifest => document.toJS())
    .filter(Boolean);
}

/** The one object of a kind and name. */
export function requireObject(objects: Manifest[], kind: string, name: string): Manifest {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`the chart makes no ${kind} ${name}`);
  return found;
}

/** The pod of a CronJob. */
export function podOf(objects: Manifest[], name = "builder"): Manifest {
  return requireObject(objects, "CronJob", name).spec.jobTemplate.spec.template;
}

/** A pod's environment: name → text, or the reference it comes from. */
export function environmentOf(pod: Manifest): Record<string, unknown> {
  const entries: Manifest[] = pod.spec.containers[0].env;
  return Object.fromEntries(
    entries.map(({ name, value, valueFrom }): [string, unknown] => [name, value ?? valueFrom]),
  );
}

/** The text of a key of the chart's Secret. */
export function secretText(objects: Manifest[], key: string): string {
  return Buffer.from(requireObject(objects, "Secret", "builder-secrets").data[key], "base64").toString();
}
