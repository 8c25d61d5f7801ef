/** The harvester's HTTP API on top of its model: paths, methods, login and bodies. */
import type { DataConfiguration, Resource } from "./data-configuration.ts";
import type { Answer } from "./answer.ts";
import type { HarvesterModel } from "./model.ts";

/** HTTP basic auth with exactly this user and password. */
export function isAuthorized(
  header: string | undefined,
  { user, password }: { user: string; password: string },
): boolean {
  const [scheme, encoded = ""] = (header ?? "").split(" ");
  return (
    scheme?.toLowerCase() === "basic" && Buffer.from(encoded, "base64").toString() === `${user}:${password}`
  );
}

type Handler = (model: HarvesterModel, body: string, name: string) => Answer | undefined;

const routes: readonly { route: RegExp; GET?: Handler; POST?: Handler }[] = [
  { route: /^\/ping$/, GET: () => ({ status: 200, body: "Ok" }) },
  {
    route: /^\/api\/1\/data$/,
    GET: (model) => model.exportData(),
    POST: (model, body) => {
      const doc = parseDocument(body);
      return doc ? model.importData(doc) : { status: 400, body: { error: "Bad Request" } };
    },
  },
  { route: /^\/api\/1\/job\/list\/([^/]+)$/, GET: (model, _, name) => model.list(name) },
  { route: /^\/api\/1\/job\/list\/([^/]+)\/run$/, POST: (model, _, name) => model.runList(name) },
  // The id here is the number that the list shows, not the identifier.
  { route: /^\/api\/1\/job\/configuration\/(\d+)$/, GET: (model, _, id) => model.job(Number(id)) },
  { route: /^\/api\/1\/job\/configuration\/(\d+)\/run$/, POST: (model, _, id) => model.runJob(Number(id)) },
  {
    route: /^\/api\/1\/job\/configuration\/(\d+)\/execution$/,
    GET: (model, _, id) => model.execution(Number(id)),
  },
];

/** What the harvester answers; undefined when it dies over the request. `path` comes after `/harvester`. */
export function harvesterAnswer(
  model: HarvesterModel,
  method: string,
  path: string,
  body: string,
): Answer | undefined {
  for (const { route, GET, POST } of routes) {
    const match = route.exec(path);
    if (!match) continue;
    const handler = method === "POST" ? POST : method === "GET" || method === "HEAD" ? GET : undefined;
    if (!handler) return { status: 405 };
    return handler(model, body, decodeURIComponent(match[1] ?? ""));
  }
  return { status: 404, body: { error: "Not Found" } };
}

function parseDocument(body: string): DataConfiguration | undefined {
  try {
    // The reader takes a BOM.
    const doc = JSON.parse(body.replace(/^\uFEFF/, "")) as Partial<DataConfiguration> | null;
    if (typeof doc !== "object" || doc === null) return undefined;
    const { organisations = [], jobConfigurations = [], jobLists = [] } = doc;
    const valid = [organisations, jobConfigurations, jobLists].every((part) => Array.isArray(part));
    const resources = organisations.flatMap(
      (item) => (item.resources as Partial<Resource>[] | undefined) ?? [],
    );
    const types = resources.map(({ resourceType }) => resourceType);
    // An unknown type is no word of its enumeration: nothing is read any further.
    if (types.some((type) => type !== undefined && type !== "" && type !== "DwC_Archive")) return undefined;
    return valid ? { organisations, jobConfigurations, jobLists } : undefined;
  } catch {
    return undefined;
  }
}
