/** What is made from the chart's values.yaml: the table of its README and the words of its schema; and what Chart.yaml repeats. */
import { readFile } from "node:fs/promises";
import { isMap, parseDocument, Scalar, type Pair } from "yaml";
import { bulletsOf, notesOf } from "./changelog.ts";

type Json = Record<string, unknown>;

/** A value of the chart, as its table shows it. */
export interface ChartValue {
  path: string[];
  /** Which part of values.yaml it stands in. */
  section: string;
  /** The comment above it that begins with two hyphens; empty where there is none. */
  description: string;
  usual: unknown;
}

const read = (name: string) => readFile(new URL(`../${name}`, import.meta.url), "utf8");

/** Every value of a values.yaml: what has a description, and what has nothing more below it. */
export function chartValues(text: string): ChartValue[] {
  const document = parseDocument(text);
  const valuesIn = (map: unknown, above: string[]): ChartValue[] =>
    (isMap(map) ? map.items : []).flatMap((pair) => {
      const path = [...above, String(pair.key)];
      const before = text.slice(0, (pair.key as Scalar).range![0]);
      const description = descriptionAt(before);
      if (description === "" && isMap(pair.value) && pair.value.items.length > 0)
        return valuesIn(pair.value, path);
      return [{ path, section: sectionAt(before), description, usual: valueOf(pair) }];
    });
  return valuesIn(document.contents, []);

  function valueOf(pair: Pair): unknown {
    return (pair.value as Scalar | null)?.toJS(document);
  }
}

/** The comment that a text ends with, from its two hyphens on; indented lines of it are examples, no prose. */
function descriptionAt(before: string): string {
  const lines = before.split("\n").slice(0, -1);
  const comment = lines.slice(lines.findLastIndex((line) => !/^\s*# /.test(line)) + 1);
  const words = comment.map((line) => line.replace(/^\s*# /, "")).filter((line) => !line.startsWith("  "));
  return /(?:^|\n)-- ([^]*)/.exec(words.join("\n"))?.[1]?.replaceAll("\n", " ") ?? "";
}

const sectionAt = (before: string) => [...before.matchAll(/^# ==== (.*?) =+$/gm)].at(-1)?.[1] ?? "Values";

/** The chart's README with a table for each part of values.yaml after its comment. */
export async function withValues(page: string): Promise<string> {
  const groups = Map.groupBy(chartValues(await read("chart/values.yaml")), ({ section }) => section);
  const tables = [...groups].map(([section, values]) => `### ${section}\n\n${tableOf(values)}\n`);
  const [before, ...others] = page.split(/(?<=<!-- Made by .*? -->)/);
  if (before === undefined || others.length !== 1)
    throw new Error("chart/README.md has lost the comment that its tables come after");
  return [before, ...tables].join("\n\n");
}

function tableOf(values: ChartValue[]): string {
  const rows = values.map(
    ({ path, usual, description }) => `| \`${path.join(".")}\` | ${shown(usual)} | ${escaped(description)} |`,
  );
  return ["| value | default | |", "|---|---|---|", ...rows].join("\n");
}

function shown(usual: unknown): string {
  const text = JSON.stringify(usual);
  return text.length > 60 ? "in values.yaml" : `\`${text.replaceAll("|", "\\|")}\``;
}

const escaped = (text: string) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The chart's schema with the descriptions of values.yaml, which editors show. */
export async function withDescriptions(text: string): Promise<string> {
  const schema = JSON.parse(text) as Json;
  for (const { path, description } of chartValues(await read("chart/values.yaml"))) {
    const place = path.reduce<Json | undefined>(
      (at, key) => (at?.["properties"] as Record<string, Json> | undefined)?.[key],
      schema,
    );
    if (place === undefined) throw new Error(`chart/values.schema.json has no ${path.join(".")}`);
    place["description"] = description;
  }
  return JSON.stringify(schema);
}

/** Chart.yaml with its icon, and what is new in its version, where Artifact Hub looks for them. */
export async function withChanges(text: string): Promise<string> {
  const chart = parseDocument(text);
  const bullets = bulletsOf(notesOf(String(chart.get("version")), await read("CHANGELOG.md")));
  const changes = new Scalar(bullets.map((bullet) => `- ${JSON.stringify(bullet)}\n`).join(""));
  changes.type = Scalar.BLOCK_LITERAL;
  chart.setIn(["annotations", "artifacthub.io/changes"], changes);
  const icon = Buffer.from(await read("chart/icon.svg")).toString("base64");
  chart.set("icon", `data:image/svg+xml;base64,${icon}`);
  return chart.toString({ lineWidth: 0 });
}
