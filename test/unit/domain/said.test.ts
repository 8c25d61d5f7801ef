import { describe, expect, it } from "vitest";
import type * as z from "zod";
import { historySchema } from "../../../src/domain/history.ts";
import { displacedSchema, evidenceSchema, pastRunSchema } from "../../../src/domain/attachments.ts";
import { runSchema } from "../../../src/domain/run.ts";
import { mapSaid } from "../../../src/domain/said.ts";

interface Leaf {
  path: string;
  isWordOfOurs: boolean;
}

/** Every text that a document may hold, by its path. */
function leavesOf(schema: z.core.$ZodType, path = ""): Leaf[] {
  const { def } = schema._zod as unknown as { def: z.core.$ZodTypeDef & Record<string, never> };
  if ("shape" in def)
    return Object.entries(def["shape"] as Record<string, z.core.$ZodType>).flatMap(([key, inner]) =>
      leavesOf(inner, `${path}.${key}`),
    );
  if ("element" in def) return leavesOf(def["element"], path);
  if ("items" in def) return (def["items"] as z.core.$ZodType[]).flatMap((item) => leavesOf(item, path));
  if ("innerType" in def) return leavesOf(def["innerType"], path);
  const isText = def.type === "string" || def.type === "enum" || (def.type as string) === "literal";
  return isText ? [{ path: path.slice(1), isWordOfOurs: def.type !== "string" }] : [];
}

/** Whether the words at a path are made safe before they are kept. */
function isSaid(path: string): boolean {
  const document = path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), "words");
  return JSON.stringify(mapSaid(document, () => "***")).includes("***");
}

const documents = { run: runSchema, history: historySchema, evidence: evidenceSchema };
const all = Object.values(documents).flatMap((schema) => leavesOf(schema));

describe("the words of others in what is kept", () => {
  it("are these; a new text has to be told from a name here", () => {
    const said = [...new Set(all.map(({ path }) => path).filter(isSaid))].map((path) =>
      path.split(".").slice(-2).join("."),
    );
    expect([...new Set(said)].toSorted()).toMatchSnapshot("said");
    const names = [...new Set(all.map(({ path }) => path).filter((path) => !isSaid(path)))];
    expect([...new Set(names.map((path) => path.split(".").slice(-2).join(".")))].toSorted()).toMatchSnapshot(
      "names",
    );
  });

  it("are no words that the builder goes by: a password that reads like one must not change them", () => {
    expect(all.filter(({ path, isWordOfOurs }) => isWordOfOurs && isSaid(path))).toEqual([]);
    expect(all.filter(({ isWordOfOurs }) => isWordOfOurs).length).toBeGreaterThan(3);
  });

  it("are found in the runs that are kept beside as well", () => {
    for (const schema of [pastRunSchema, displacedSchema])
      expect(leavesOf(schema).map(({ path }) => path)).toContain("run.failure.message");
    expect(
      mapSaid({ displaced: { run: { failure: { details: ["a", "b"] } }, jobs: [["a", 1]] } }, () => "***"),
    ).toEqual({
      displaced: { run: { failure: { details: ["***", "***"] } }, jobs: [["a", 1]] },
    });
  });
});
