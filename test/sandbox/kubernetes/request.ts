/** Reads a request: what it is about, and its body in whatever encoding it comes. */
import type { IncomingMessage } from "node:http";
import { parse as parseYaml } from "yaml";
import { ApiError, badRequest, tooLarge } from "./errors.ts";
import { decodeProtobuf } from "./protobuf.ts";
import { findType } from "./resources.ts";
import type { Loose, ResourceType } from "./types.ts";

/** A path about resources, taken apart. */
export interface ResourceRequest {
  type: ResourceType;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
  query: URLSearchParams;
}

/** One line of the audit log. */
export interface RequestRecord {
  time: string;
  userAgent: string;
  verb: string;
  method: string;
  path: string;
  query: string;
  /** 0 while there is no answer. */
  status: number;
}

const maxBodyBytes = 3 * 1024 * 1024;

/** Takes `/api/v1/namespaces/x/pods/y/log` apart; undefined when no such resource exists. */
export function parseResourcePath(path: string, query: URLSearchParams): ResourceRequest | undefined {
  const parts = path.split("/").filter(Boolean).map(decodeURIComponent);
  const [root, ...rest] = parts;
  if (root !== "api" && root !== "apis") return undefined;
  const group = root === "api" ? "" : (rest.shift() ?? "");
  const version = rest.shift() ?? "";
  const scoped = rest[0] === "namespaces" && rest.length >= 3 && !["status", "finalize"].includes(rest[2]!);
  const namespace = scoped ? rest[1] : undefined;
  const [plural, name, subresource] = scoped ? rest.slice(2) : rest;
  const type = plural === undefined ? undefined : findType(group, version, plural);
  if (!type || (scoped && !type.namespaced) || (subresource && !type.subresources.includes(subresource)))
    return undefined;
  return { type, namespace, name, subresource, query };
}

/** The API verb: what RBAC and audit logs call it. */
export function verbOf(method: string, request: ResourceRequest | undefined): string {
  if (!request) return method.toLowerCase();
  if (method === "GET" || method === "HEAD") {
    if (request.query.get("watch") === "true" || request.query.get("watch") === "1") return "watch";
    return request.name ? "get" : "list";
  }
  if (method === "DELETE") return request.name ? "delete" : "deletecollection";
  return { POST: "create", PUT: "update", PATCH: "patch" }[method] ?? method.toLowerCase();
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // The rest is read and dropped, so that the client hears the answer.
    if (size <= maxBodyBytes) chunks.push(chunk);
  }
  if (size > maxBodyBytes) throw tooLarge(maxBodyBytes);
  return Buffer.concat(chunks);
}

/** A body as an object; undefined when there is none. */
export function decodeBody(body: Buffer, contentType: string): Loose {
  if (body.length === 0) return undefined;
  const kind = contentType.split(";")[0]!.trim();
  if (kind === "application/vnd.kubernetes.protobuf") return decodeProtobuf(body);
  if (kind === "application/cbor") {
    throw new ApiError(
      415,
      "UnsupportedMediaType",
      "the body of the request was in an unknown format - accepted media types include: application/json",
    );
  }
  try {
    const text = body.toString("utf8");
    return kind.includes("yaml") && !text.trimStart().startsWith("{") ? parseYaml(text) : JSON.parse(text);
  } catch (error) {
    throw badRequest(
      `couldn't get version/kind; json parse error: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
