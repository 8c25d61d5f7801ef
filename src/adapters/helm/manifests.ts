/** The manifests that helm prints, as objects. */
import { loadAll, YAMLException } from "js-yaml";
import * as z from "zod";
import type { RenderedObject } from "../../domain/release.ts";
import { ConfigError } from "../../errors.ts";
import type { ProgramResult } from "../process/run-program.ts";

const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.coerce.string(),
    labels: z.record(z.string(), z.coerce.string()).nullish(),
  }),
});
const listSchema = z.looseObject({ kind: z.string().endsWith("List"), items: z.array(z.unknown()) });

const correct = "correct the chart or its values";

/** What a chart renders to. Throws ConfigError (where: the chart) when it does not render. */
export function readRendered(result: ProgramResult, chart: { chartDir: string }): RenderedObject[] {
  if (result.tooMuchOutput)
    throw refuse("renders to more than 64 MiB; no cluster takes that: look at its loops");
  if (result.exitCode !== 0)
    throw refuse(`does not render: ${helmSays(result.stderrLines, chart)}; ${correct}`);
  return parseManifests(result.stdout);
}

/** What helm says in one line, with the chart's own paths instead of those on this machine. */
export function helmSays(lines: readonly string[], { chartDir }: { chartDir: string }): string {
  const said = lines.filter((line) => !line.startsWith("Use --debug")).map((line) => line.trim());
  const text = said.join(" ").replace(/^Error: /, "");
  return text.replaceAll(`${chartDir}/`, "").replaceAll(/\s+/g, " ") || "helm does not say why";
}

/** Every object of a multi-document manifest, those of `kind: List` one by one; of a duplicate key the last value counts. */
export function parseManifests(text: string): RenderedObject[] {
  // Not with `yaml`, which reads the settings: its node trees take many times the memory of a chart's text.
  try {
    return loadAll(text, { json: true, maxAliases: 100 }).flatMap((document) => toObjects(document));
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    throw refuse(`renders to invalid YAML (line ${(error.mark?.line ?? 0) + 1}); ${correct}`);
  }
}

function toObjects(value: unknown): RenderedObject[] {
  if (value === null || value === undefined) return [];
  const list = listSchema.safeParse(value);
  if (list.success) return list.data.items.flatMap((item) => toObjects(item));
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success)
    throw refuse(
      typeof value === "object"
        ? `renders to an object without apiVersion, kind or metadata.name; ${correct}`
        : "renders to text instead of objects; correct its templates, or HELM_BIN if that is not Helm",
    );
  const { apiVersion, kind, metadata } = parsed.data;
  const manifest = value as Record<string, unknown>;
  return [{ apiVersion, kind, name: metadata.name, labels: metadata.labels ?? {}, manifest }];
}

function refuse(what: string): ConfigError {
  return new ConfigError([{ where: "the chart", what }], "CHART_INVALID");
}
