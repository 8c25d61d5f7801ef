/** What each verb on a resource does and answers. */
import type { ServerResponse } from "node:http";
import type { Containers } from "./containers/containers.ts";
import { deleteObject } from "./deletion.ts";
import { ApiError, badRequest } from "./errors.ts";
import { serveLogs } from "./logs.ts";
import { jsonPatch, mergePatch, strategicPatch } from "./patches.ts";
import type { Registry } from "./registry.ts";
import type { ResourceRequest } from "./request.ts";
import { answerReview } from "./reviews.ts";
import { fieldSelector, labelSelector } from "./selectors.ts";
import type { Predicate } from "./selectors.ts";
import { postSubresource, scaleOf, setScale } from "./subresources.ts";
import type { KubeObject, Loose, ResourceAttributes, WriteOptions } from "./types.ts";
import { incoming, show, showList, viewOf } from "./views.ts";
import { serveWatch } from "./watch.ts";

export interface Call {
  verb: string;
  request: ResourceRequest;
  body: Loose;
  contentType: string;
  accept: string;
  userAgent: string;
  response: ServerResponse;
  containers: Containers;
}

export interface Answer {
  status: number;
  body: object;
}

/** Carries out a call; undefined when it has answered (or streams) by itself. */
export function handle(
  registry: Registry,
  call: Call,
  denied: (attributes: ResourceAttributes) => boolean,
): Answer | undefined {
  const { type } = call.request;
  if (!type.verbs.includes("get")) {
    if (call.verb !== "create") throw notAllowed();
    return {
      status: 201,
      body: answerReview(type.kind, { apiVersion: type.apiVersion, kind: type.kind, ...call.body }, denied),
    };
  }
  const handler = handlers[call.verb];
  if (!handler) throw notAllowed();
  return handler(registry, call);
}

const notAllowed = (): ApiError =>
  new ApiError(
    405,
    "MethodNotAllowed",
    "the server does not allow this method on the requested resource",
    {},
  );

type Handler = (registry: Registry, call: Call) => Answer | undefined;

const handlers: Record<string, Handler> = {
  get(registry, { request, accept, response, containers }) {
    const { type, namespace, name = "", subresource, query } = request;
    const object = registry.require(type, namespace, name);
    if (subresource === "log") {
      serveLogs({ store: registry.store, containers, response }, object, query);
      return undefined;
    }
    if (subresource === "scale") return { status: 200, body: scaleOf(object) };
    return shown(request, accept, object);
  },

  list(registry, { request, accept }) {
    const { type, namespace, query } = request;
    const all = registry.store.list(type.id, namespace).filter(selection(request));
    const limit = Number(query.get("limit") ?? 0);
    if (Number.isNaN(limit))
      throw badRequest(`strconv.ParseInt: parsing "${query.get("limit") ?? ""}": invalid syntax`);
    const start = continued(registry, query.get("continue"));
    const page = limit > 0 ? all.slice(start, start + limit) : all.slice(start);
    const end = start + page.length;
    const resourceVersion = String(registry.store.revision);
    const more =
      end < all.length
        ? { continue: token(registry.store.revision, end), remainingItemCount: all.length - end }
        : {};
    const view = viewOf(accept);
    const metadata = { resourceVersion, ...more };
    return {
      status: 200,
      body: showList(type, page, metadata, view, query.get("includeObject") ?? "Metadata"),
    };
  },

  watch(registry, { request, accept, response }) {
    const named = request.name;
    const selected = selection(request);
    const matches: Predicate = (object) =>
      (named === undefined || object.metadata.name === named) && selected(object);
    serveWatch(registry.store, request, matches, viewOf(accept), response);
    return undefined;
  },

  create(registry, call) {
    const { request, body, accept } = call;
    const { type, namespace, name, subresource } = request;
    if (name !== undefined && subresource)
      return { status: 201, body: postSubresource(registry, request, body) };
    if (name !== undefined || (type.namespaced && !namespace)) throw notAllowed();
    const object = registry.create(type, namespace, incoming(type, requireObject(call)), writeOptions(call));
    return { ...shown(request, accept, object), status: 201 };
  },

  update(registry, call) {
    const { request, body, accept } = call;
    const { type, namespace, name = "", subresource } = request;
    if (subresource === "scale") return { status: 200, body: setScale(registry, request, body) };
    const options = { ...writeOptions(call), ...(subresource ? { subresource } : {}) };
    return shown(
      request,
      accept,
      registry.replace(type, namespace, name, incoming(type, requireObject(call)), options),
    );
  },

  patch(registry, call) {
    const { request, body, accept, contentType } = call;
    const { type, namespace, name = "", subresource, query } = request;
    if (subresource === "scale") return { status: 200, body: setScale(registry, request, body) };
    const options = { ...writeOptions(call), ...(subresource ? { subresource } : {}) };
    if (contentType.startsWith("application/apply-patch")) {
      if (!query.get("fieldManager")) {
        throw new ApiError(
          422,
          "Invalid",
          `PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch`,
          {},
        );
      }
      const existed = registry.store.get(type.id, namespace, name) !== undefined;
      const applied = {
        ...options,
        fieldManager: query.get("fieldManager") ?? "",
        force: query.get("force") === "true",
      };
      const object = registry.apply(type, namespace, name, incoming(type, requireObject(call)), applied);
      return { ...shown(request, accept, object), status: existed ? 200 : 201 };
    }
    const change = patcher(contentType, body);
    return shown(
      request,
      accept,
      registry.modify(
        type,
        namespace,
        name,
        (live) => {
          const before = { ...live, metadata: { ...live.metadata } };
          return change(before) as KubeObject;
        },
        options,
      ),
    );
  },

  delete(registry, { request, body }) {
    const { type, namespace, name = "" } = request;
    return { status: 200, body: deleteObject(registry, type, namespace, name, deleteOptions(request, body)) };
  },

  deletecollection(registry, { request, body, accept }) {
    const { type, namespace } = request;
    const doomed = registry.store.list(type.id, namespace).filter(selection(request));
    for (const { metadata } of doomed) {
      deleteObject(registry, type, metadata.namespace, metadata.name, deleteOptions(request, body));
    }
    const metadata = { resourceVersion: String(registry.store.revision) };
    return { status: 200, body: showList(type, doomed, metadata, viewOf(accept), "Metadata") };
  },
};

function shown(request: ResourceRequest, accept: string, object: KubeObject): Answer {
  return {
    status: 200,
    body: show(request.type, object, viewOf(accept), request.query.get("includeObject") ?? "Metadata"),
  };
}

const selection = ({ query, type }: ResourceRequest): Predicate => {
  const [byLabel, byField] = [
    labelSelector(query.get("labelSelector")),
    fieldSelector(query.get("fieldSelector"), type.kind),
  ];
  return (object) => byLabel(object) && byField(object);
};

function requireObject({ body, request: { type } }: Call): KubeObject {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw badRequest("the body of the request is no object");
  const { kind } = body as Partial<KubeObject>;
  if (kind && kind !== type.kind) {
    throw badRequest(
      `${kind} in version "${type.version}" cannot be handled as a ${type.kind}: converting (${kind}) to (${type.kind}): unknown conversion`,
    );
  }
  return body as KubeObject;
}

function writeOptions({ request: { query }, userAgent }: Call): WriteOptions {
  const fieldManager = query.get("fieldManager") ?? (userAgent.split("/")[0] || "unknown");
  return { fieldManager, dryRun: query.getAll("dryRun").includes("All") };
}

function deleteOptions({ query }: ResourceRequest, body: Loose): Loose {
  const grace = query.get("gracePeriodSeconds");
  const policy = query.get("propagationPolicy");
  return {
    ...(grace === null ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(policy === null ? {} : { propagationPolicy: policy }),
    ...(query.has("dryRun") ? { dryRun: query.getAll("dryRun") } : {}),
    ...body,
  };
}

function patcher(contentType: string, patch: Loose): (live: KubeObject) => Loose {
  switch (contentType.split(";")[0]) {
    case "application/json-patch+json":
      return (live) => jsonPatch(live, patch);
    case "application/merge-patch+json":
      return (live) => mergePatch(live, patch);
    case "application/strategic-merge-patch+json":
      return (live) => strategicPatch(live, patch);
    default:
      throw new ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});
  }
}

const token = (revision: number, start: number): string =>
  Buffer.from(JSON.stringify({ v: revision, start })).toString("base64url");

function continued(registry: Registry, text: string | null): number {
  if (!text) return 0;
  const { v, start } = readToken(text);
  if (v >= registry.store.floor) return start;
  throw new ApiError(
    410,
    "Expired",
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
  );
}

function readToken(text: string): { v: number; start: number } {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString()) as { v: number; start: number };
  } catch {
    throw badRequest("invalid continue token: continue key is not valid");
  }
}
