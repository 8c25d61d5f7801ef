/** Google Cloud DNS (REST v1) over HTTP on top of zone models: what `@google-cloud/dns` and CLOUD_DNS_ENDPOINT need. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Faults, showFault } from "../faults.ts";
import { readBody } from "../read-body.ts";
import { DnsError, invalid, notFound, permissionDenied } from "./dns-error.ts";
import type { RecordSet } from "./record-set.ts";
import { ZoneModel, type Change, type ZoneOptions } from "./zone-model.ts";

export interface CloudDnsOptions {
  now?: () => number;
  /** How long a change stays pending, for zones that don't say it. */
  pendingMs?: number;
  port?: number;
}

export interface CloudDns {
  /** `http://127.0.0.1:PORT`, for CLOUD_DNS_ENDPOINT. */
  url: string;
  /** With `/dns/v1`, for `dns.baseUrl`. */
  baseUrl: string;
  faults: Faults;
  /** Every request, in order: method and path with query. */
  requests: { method: string; path: string; status: number }[];
  /** Adds a zone; without `project` it is found under every project. */
  addZone: (options: ZoneOptions & { project?: string }) => ZoneModel;
  /** Serves a zone that somebody else keeps, under every project. */
  host: (zone: ZoneModel) => void;
  /** Answers a request that came another way. */
  serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  close: () => Promise<void>;
}

interface Hosted {
  model: ZoneModel;
  project: string | undefined;
  id: string;
}

export async function startCloudDns(options: CloudDnsOptions = {}): Promise<CloudDns> {
  const faults = new Faults();
  const requests: CloudDns["requests"] = [];
  const zones: Hosted[] = [];

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://dns");
    const method = request.method ?? "GET";
    const recorded = { method, path: `${url.pathname}${url.search}`, status: 0 };
    requests.push(recorded);
    const fault = faults.take({ method, path: url.pathname, query: url.searchParams });
    if (!(await showFault(fault, request, response))) return;
    const { status, body } = answer(zones, method, url, await readBody(request));
    recorded.status = status;
    response.writeHead(status, { "content-type": "application/json; charset=UTF-8" });
    response.end(JSON.stringify(body));
  }

  const host = (model: ZoneModel, project?: string) =>
    void zones.push({ model, project, id: String(1_000_000_000_000 + zones.length) });
  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    baseUrl: `${url}/dns/v1`,
    faults,
    requests,
    addZone: ({ project, ...zone }) => {
      const model = new ZoneModel({ ...options, ...zone });
      host(model, project);
      return model;
    },
    host: (zone) => host(zone),
    serve,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Reply {
  status: number;
  body: Record<string, unknown>;
}

function answer(zones: readonly Hosted[], method: string, url: URL, body: string): Reply {
  try {
    return { status: 200, body: route(zones, method, url, body) };
  } catch (error) {
    if (error instanceof DnsError) return { status: error.status, body: error.body };
    throw error;
  }
}

function route(zones: readonly Hosted[], method: string, url: URL, body: string): Reply["body"] {
  const path =
    /^\/dns\/v1\/projects\/([^/]+)\/managedZones(?:\/([^/:]+)(?:[/:](rrsets|changes|testIamPermissions)(?:\/([^/]+))?)?)?$/;
  const [matched, project, zoneName, part, changeId] = path.exec(url.pathname) ?? [];
  if (matched === undefined || !isServed(method, part, changeId !== undefined)) {
    throw new DnsError(404, "notFound", "Not Found");
  }
  const visible = zones.filter((zone) => zone.project === undefined || zone.project === project);
  if (zoneName === undefined) {
    const wanted = url.searchParams.get("dnsName");
    const listed = visible.filter((zone) => !wanted || zone.model.dnsName === wanted);
    const { page, nextPageToken } = pageOf(listed, url.searchParams);
    return { kind: "dns#managedZonesListResponse", managedZones: page.map(zoneBody), ...nextPageToken };
  }
  const zone = visible.find((candidate) => candidate.model.name === zoneName || candidate.id === zoneName);
  if (!zone) throw notFound(`parameters.managedZone' resource named '${zoneName}'`);
  const { model } = zone;
  if (part === "testIamPermissions") return { permissions: model.granted(parsePermissions(body)) };
  if (model.denied === "everything" || (model.denied === "writes" && method === "POST"))
    throw permissionDenied();
  if (part === undefined) return zoneBody(zone);
  if (part === "rrsets") return rrsets(model, url.searchParams);
  if (changeId !== undefined) return changeBody(model, model.requireChange(changeId));
  if (method === "POST") return changeBody(model, model.change(parseObject(body)));
  const { page, nextPageToken } = pageOf(inOrder(model.changes, url.searchParams), url.searchParams);
  const changes = page.map((change) => changeBody(model, change));
  return { kind: "dns#changesListResponse", changes, ...nextPageToken };
}

/** Which methods there are for a part of a zone; testing permissions is a POST. */
function isServed(method: string, part: string | undefined, hasId: boolean): boolean {
  if (part === "testIamPermissions") return method === "POST" && !hasId;
  return method === "GET" || (method === "POST" && part === "changes" && !hasId);
}

function rrsets(model: ZoneModel, query: URLSearchParams): Reply["body"] {
  const [name, type] = [query.get("name"), query.get("type")];
  if (type !== null && name === null) {
    throw new DnsError(
      400,
      "invalid",
      "Invalid value for 'parameters.type': a type is only accepted beside a name",
    );
  }
  const found = model
    .records()
    .filter((set) => (name === null || set.name === name) && (type === null || set.type === type));
  const { page, nextPageToken } = pageOf(found, query);
  return { kind: "dns#resourceRecordSetsListResponse", rrsets: page.map(recordBody), ...nextPageToken };
}

/** Changes by their sequence, the only criterion that there is: oldest first, unless the newest are asked for. */
function inOrder(changes: readonly Change[], query: URLSearchParams): readonly Change[] {
  const [by, order] = [query.get("sortBy") ?? "changeSequence", query.get("sortOrder") ?? "ascending"];
  if (by !== "changeSequence") throw invalid("parameters.sortBy", by);
  if (order !== "ascending" && order !== "descending") throw invalid("parameters.sortOrder", order);
  return order === "ascending" ? changes : changes.toReversed();
}

function pageOf<T>(
  all: readonly T[],
  query: URLSearchParams,
): { page: T[]; nextPageToken?: { nextPageToken: string } } {
  const size = Math.max(1, Math.min(Number(query.get("maxResults") ?? 100) || 100, 1_000));
  const from = Number(Buffer.from(query.get("pageToken") ?? "", "base64url").toString() || 0);
  if (!Number.isInteger(from)) throw new DnsError(400, "invalid", "Invalid value for 'parameters.pageToken'");
  const page = all.slice(from, from + size);
  if (from + size >= all.length) return { page };
  return { page, nextPageToken: { nextPageToken: Buffer.from(String(from + size)).toString("base64url") } };
}

const recordBody = (set: RecordSet) => ({ ...set, signatureRrdatas: [], kind: "dns#resourceRecordSet" });

const zoneBody = ({ model, id }: Hosted) => ({
  kind: "dns#managedZone",
  id,
  name: model.name,
  dnsName: model.dnsName,
  description: "",
  ...model.kind,
  nameServers: ["ns-1.dns.example.", "ns-2.dns.example."],
});

const changeBody = (model: ZoneModel, change: Change) => ({
  kind: "dns#change",
  id: change.id,
  startTime: change.startTime,
  status: model.isDone(change) ? "done" : "pending",
  ...(change.additions.length > 0 && { additions: change.additions.map(recordBody) }),
  ...(change.deletions.length > 0 && { deletions: change.deletions.map(recordBody) }),
});

function parsePermissions(body: string): string[] {
  const { permissions } = parseObject(body);
  if (Array.isArray(permissions) && permissions.every((name) => typeof name === "string")) return permissions;
  throw invalid("permissions", permissions);
}

function parseObject(body: string): Record<string, unknown> {
  try {
    const sent: unknown = JSON.parse(body);
    if (typeof sent === "object" && sent !== null) return { ...sent };
  } catch {
    // Falls through to the answer that Google gives to any body that isn't a JSON object.
  }
  throw new DnsError(400, "parseError", "Parse Error");
}
