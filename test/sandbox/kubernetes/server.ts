/** The HTTP side: faults, audit log, bodies, and answers as JSON. */
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { showFault } from "../faults.ts";
import type { Faults } from "../faults.ts";
import type { Containers } from "./containers/containers.ts";
import { findDocument } from "./discovery.ts";
import { ApiError, unknownPath } from "./errors.ts";
import { handle } from "./handlers.ts";
import type { Registry } from "./registry.ts";
import { decodeBody, parseResourcePath, readBody, verbOf } from "./request.ts";
import type { RequestRecord } from "./request.ts";
import type { ResourceAttributes } from "./types.ts";

const maxRecords = 5_000;

export interface Backend {
  registry: Registry;
  faults: Faults;
  requests: RequestRecord[];
  containers: Containers;
  denied: (attributes: ResourceAttributes) => boolean;
}

export function createApiServer(backend: Backend): Server {
  const server = createServer((request, response) => {
    void serve(backend, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendError(response, error);
    });
  });
  server.keepAliveTimeout = 60_000;
  return server;
}

async function serve(backend: Backend, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname: path, searchParams: query } = new URL(request.url ?? "/", "http://sandbox");
  const method = request.method ?? "GET";
  const {
    accept = "",
    "user-agent": userAgent = "",
    "content-type": contentType = "application/json",
  } = request.headers;
  const resource = parseResourcePath(path, query);
  const verb = verbOf(method, resource);
  const record: RequestRecord = {
    time: new Date().toISOString(),
    userAgent,
    verb,
    method,
    path,
    query: query.toString(),
    status: 0,
  };
  backend.requests.push(record);
  if (backend.requests.length > maxRecords) backend.requests.splice(0, maxRecords / 2);
  response.on("close", () => (record.status = response.headersSent ? response.statusCode : 0));

  if (!(await showFault(backend.faults.take({ method, path, query }), request, response))) return;
  const raw = await readBody(request);
  const document = method === "GET" ? findDocument(path, accept) : undefined;
  if (document) {
    response.writeHead(200, { "content-type": document.contentType });
    response.end(typeof document.body === "string" ? document.body : JSON.stringify(document.body));
    return;
  }
  if (!resource) throw unknownPath();
  const body = decodeBody(raw, contentType);
  const answer = handle(
    backend.registry,
    {
      ...{ verb, request: resource, body, contentType, accept, userAgent, response },
      containers: backend.containers,
    },
    backend.denied,
  );
  if (answer) send(response, answer.status, answer.body);
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

function sendError(response: ServerResponse, error: unknown): void {
  if (error instanceof ApiError) {
    send(response, error.code, error.status);
    return;
  }
  // A bug of the emulator: its stack is worth more than a tidy answer.
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  send(response, 500, new ApiError(500, "InternalError", `Internal error occurred: ${text}`).status);
}
