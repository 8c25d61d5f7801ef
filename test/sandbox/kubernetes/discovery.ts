/** Discovery (legacy and aggregated), versions, and OpenAPI documents that are just enough for kubectl and Helm. */
import { groupVersions, resourceTypes } from "./resources.ts";
import type { ResourceType } from "./types.ts";

const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

const version = {
  major: "1",
  minor: "36",
  gitVersion: "v1.36.0",
  gitCommit: "0000000000000000000000000000000000000000",
  gitTreeState: "clean",
  buildDate: "2026-01-01T00:00:00Z",
  goVersion: "go1.26",
  compiler: "gc",
  platform: "linux/amd64",
};

export interface Document {
  contentType: string;
  body: object | string;
}

/** The document at a path that is not about objects. */
export function findDocument(path: string, accept: string): Document | undefined {
  const json = (body: object): Document => ({ contentType: "application/json", body });
  if (["/readyz", "/livez", "/healthz"].includes(path)) return { contentType: "text/plain", body: "ok" };
  if (path === "/version" || path === "/version/") return json(version);
  if (path === "/openapi/v2")
    return json({
      swagger: "2.0",
      info: { title: "Kubernetes", version: version.gitVersion },
      paths: {},
      definitions: {},
    });
  if (path === "/openapi/v3") return json(openApiIndex());
  const parts = path.split("/").filter(Boolean);
  if (path.startsWith("/openapi/v3/")) {
    const found = groupVersions.find((candidate) => documentPath(candidate) === parts.slice(2).join("/"));
    return found ? json(openApi(found)) : undefined;
  }
  return apiDocument(path, parts, accept);
}

/** The root documents of the API and of its groups and versions. */
function apiDocument(path: string, parts: string[], accept: string): Document | undefined {
  const json = (body: object): Document => ({ contentType: "application/json", body });
  const wantsAggregated = accept.includes("as=APIGroupDiscoveryList") && accept.includes("v=v2;");
  if (path === "/api" || path === "/apis") {
    if (wantsAggregated) return { contentType: aggregated, body: aggregate(path === "/api") };
    return json(
      path === "/api"
        ? legacyCore
        : { kind: "APIGroupList", apiVersion: "v1", groups: groups().map(describeGroup) },
    );
  }
  if (parts[0] === "apis" && parts.length === 2 && groups().includes(parts[1]!)) {
    return json({ kind: "APIGroup", apiVersion: "v1", ...describeGroup(parts[1]!) });
  }
  const groupVersion = parts.slice(1).join("/");
  const isRoot = parts.length === (parts[0] === "api" ? 2 : 3);
  return isRoot && groupVersions.includes(groupVersion) ? json(legacyResources(groupVersion)) : undefined;
}

const legacyCore = {
  kind: "APIVersions",
  versions: ["v1"],
  serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: "127.0.0.1" }],
};

const groups = (): string[] => [...new Set(resourceTypes.map((type) => type.group))].filter(Boolean);

function describeGroup(name: string): object {
  const found = groupVersions.filter((groupVersion) => groupVersion.startsWith(`${name}/`));
  const versions = found.map((groupVersion) => ({ groupVersion, version: groupVersion.split("/")[1] }));
  return { name, versions, preferredVersion: versions[0] };
}

/** What a subresource takes and gives, and the verbs it knows. */
function subresourceKind(
  type: ResourceType,
  name: string,
): { group: string; version: string; kind: string; verbs: string[] } {
  const own = { group: type.group, version: type.version, kind: type.kind };
  const special: Record<string, { group: string; version: string; kind: string; verbs: string[] }> = {
    scale: { group: "autoscaling", version: "v1", kind: "Scale", verbs: ["get", "patch", "update"] },
    eviction: { group: "policy", version: "v1", kind: "Eviction", verbs: ["create"] },
    token: { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest", verbs: ["create"] },
    log: { ...own, verbs: ["get"] },
    finalize: { ...own, verbs: ["update"] },
  };
  return special[name] ?? { ...own, verbs: ["get", "patch", "update"] };
}

function legacyResources(groupVersion: string): object {
  const resources = resourceTypes
    .filter((type) => type.apiVersion === groupVersion)
    .flatMap((type) => [
      {
        name: type.plural,
        singularName: type.singular,
        namespaced: type.namespaced,
        kind: type.kind,
        verbs: type.verbs,
        shortNames: type.shortNames,
        categories: type.categories,
        storageVersionHash: "",
      },
      ...type.subresources.map((name) => {
        const { group, version: of, kind, verbs } = subresourceKind(type, name);
        return {
          name: `${type.plural}/${name}`,
          singularName: "",
          namespaced: type.namespaced,
          group,
          version: of,
          kind,
          verbs,
        };
      }),
    ]);
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources };
}

function aggregate(core: boolean): object {
  const items = (core ? [""] : groups()).map((group) => ({
    metadata: { name: group, creationTimestamp: null },
    versions: [
      ...new Set(resourceTypes.filter((type) => type.group === group).map((type) => type.version)),
    ].map((of) => ({
      version: of,
      freshness: "Current",
      resources: resourceTypes
        .filter((type) => type.group === group && type.version === of)
        .map(aggregatedResource),
    })),
  }));
  return { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
}

function aggregatedResource(type: ResourceType): object {
  const { group, version: of, kind } = type;
  return {
    resource: type.plural,
    responseKind: { group, version: of, kind },
    scope: type.namespaced ? "Namespaced" : "Cluster",
    singularResource: type.singular,
    verbs: type.verbs,
    shortNames: type.shortNames,
    categories: type.categories,
    subresources: type.subresources.map((subresource) => {
      const { verbs, ...responseKind } = subresourceKind(type, subresource);
      return { subresource, responseKind, verbs };
    }),
  };
}

const documentPath = (groupVersion: string): string =>
  groupVersion.includes("/") ? `apis/${groupVersion}` : `api/${groupVersion}`;

function openApiIndex(): object {
  const entries = groupVersions.map((groupVersion) => {
    const path = documentPath(groupVersion);
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=1` }];
  });
  return { paths: Object.fromEntries(entries) };
}

/** kubectl looks here for the `fieldValidation` parameter before it lets the server validate. */
function openApi(groupVersion: string): object {
  const types = resourceTypes.filter((type) => type.apiVersion === groupVersion);
  const query = (name: string) => ({ name, in: "query", schema: { type: "string", uniqueItems: true } });
  const parameters = [query("dryRun"), query("fieldManager"), query("fieldValidation"), query("force")];
  const operation = ({ group, version: of, kind }: ResourceType, action: string) => ({
    [action]: {
      operationId: `${action}${kind}`,
      "x-kubernetes-action": action,
      "x-kubernetes-group-version-kind": { group, version: of, kind },
      parameters,
      responses: { "200": { description: "OK" } },
    },
  });
  const paths = types.flatMap((type) => {
    const collection = `/${documentPath(groupVersion)}/${type.namespaced ? "namespaces/{namespace}/" : ""}${type.plural}`;
    return [
      [collection, operation(type, "post")],
      [`${collection}/{name}`, { ...operation(type, "patch"), ...operation(type, "put") }],
    ];
  });
  const schemas = types.map(({ group, version: of, kind }) => [
    `io.k8s.api.${(group.split(".")[0] ?? "") || "core"}.${of}.${kind}`,
    { type: "object", "x-kubernetes-group-version-kind": [{ group, version: of, kind }] },
  ]);
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: version.gitVersion },
    paths: Object.fromEntries(paths),
    components: { schemas: Object.fromEntries(schemas) },
  };
}
