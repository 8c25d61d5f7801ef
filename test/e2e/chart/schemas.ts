/** JSON schemas of every kind that the cluster knows, as kubeconform wants them: strict, from the API server's own OpenAPI. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { asAdmin } from "./cluster.ts";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- OpenAPI, walked without knowing its shape
type Schema = any;

/** Where kubeconform looks in the folder. */
export const schemaName = "{{ .ResourceKind }}{{ .KindSuffix }}.json";

/** Writes a file for each kind into the folder. */
export async function writeSchemas(dir: string): Promise<void> {
  const { definitions } = JSON.parse(await asAdmin(["get", "--raw", "/openapi/v2"])) as {
    definitions: Record<string, Schema>;
  };
  for (const [name, definition] of Object.entries(definitions)) {
    for (const { group, version, kind } of definition["x-kubernetes-group-version-kind"] ?? []) {
      const suffix = [kind, group.split(".")[0], version].filter(Boolean).join("-").toLowerCase();
      const schema = { $ref: refTo(name), definitions: reachable(definitions, name) };
      await writeFile(path.join(dir, `${suffix}.json`), JSON.stringify(schema));
    }
  }
}

const refTo = (name: string) => `#/definitions/${name}`;

/** A definition and all that it leads to, each strict. */
function reachable(definitions: Record<string, Schema>, name: string): Record<string, Schema> {
  const found: Record<string, Schema> = {};
  const queue = [name];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (found[next] !== undefined) continue;
    found[next] = next.endsWith(".Quantity") ? { type: ["string", "number"] } : strict(definitions[next]);
    for (const [, ref] of JSON.stringify(found[next]).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g))
      queue.push(ref!);
  }
  return found;
}

/** No field but those that are declared; `x-kubernetes` fields mean nothing to a JSON schema. */
function strict(schema: Schema): Schema {
  if (Array.isArray(schema)) return schema.map(strict);
  if (schema === null || typeof schema !== "object") return schema;
  if (schema.format === "int-or-string" || schema["x-kubernetes-int-or-string"] === true)
    return { type: ["string", "integer"] };
  const made = Object.fromEntries(
    Object.entries(schema as Record<string, Schema>)
      .filter(([key]) => !key.startsWith("x-kubernetes") && key !== "format" && key !== "default")
      .map(([key, value]) => [key, key === "properties" ? eachOf(value) : strict(value)]),
  );
  const isClosed = made["properties"] && made["additionalProperties"] === undefined;
  if (isClosed && schema["x-kubernetes-preserve-unknown-fields"] !== true)
    made["additionalProperties"] = false;
  return made;
}

/** Properties may be called like keywords (`format`, `default`). */
const eachOf = (properties: Record<string, Schema>) =>
  Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, strict(value)]));
