/** The metadata server of a node: plain HTTP, at GCE_METADATA_HOST. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Faults, showFault } from "../faults.ts";
import { scopes, type Identity } from "./identity.ts";
import { ok, send, type Reply } from "./reply.ts";

export interface MetadataServer {
  /** `127.0.0.1:PORT`, for GCE_METADATA_HOST. */
  host: string;
  faults: Faults;
  /** Every request, in order. */
  requests: { path: string; status: number }[];
  /** Nobody listens. */
  stop: () => Promise<void>;
  /** Listens again, at the same port. */
  start: () => Promise<void>;
}

const root = "/computeMetadata/v1";
const flavor = { "metadata-flavor": "Google", server: "Metadata Server for VM" };

export async function startMetadataServer(identity: Identity): Promise<MetadataServer> {
  const faults = new Faults();
  const requests: MetadataServer["requests"] = [];

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://metadata");
    const recorded = { path: url.pathname, status: 0 };
    requests.push(recorded);
    const fault = faults.take({
      method: request.method ?? "GET",
      path: url.pathname,
      query: url.searchParams,
    });
    if (!(await showFault(fault, request, response))) return;
    const isAsked = request.headers["metadata-flavor"] === "Google";
    const reply = isAsked
      ? answer(identity, url)
      : { status: 403, body: "Missing Metadata-Flavor:Google header." };
    recorded.status = reply.status;
    send(response, { ...reply, headers: flavor });
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    faults,
    requests,
    start: () => listen(port),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(identity: Identity, { pathname, searchParams }: URL): Reply {
  const account = `${root}/instance/service-accounts/default`;
  switch (pathname.replace(/\/$/, "")) {
    case `${root}/instance`:
      return ok("attributes/\nservice-accounts/\n");
    case `${root}/project/project-id`:
      return ok(identity.project);
    case `${root}/universe/universe-domain`:
      return ok("googleapis.com");
    case `${account}/email`:
      return ok(identity.email);
    case `${account}/token`: {
      const wanted = searchParams.get("scopes")?.split(",") ?? [scopes.platform];
      const { value } = identity.issue(identity.email, wanted);
      return ok({ access_token: value, expires_in: identity.tokenLifetimeSeconds, token_type: "Bearer" });
    }
    default:
      return { status: 404, body: "Not Found" };
  }
}
