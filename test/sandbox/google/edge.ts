/** What answers under Google's host names: token endpoints, and Cloud DNS behind a check of the access token. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { CloudDns } from "../dns/cloud-dns.ts";
import { showFault, type FaultRequest, type Faults } from "../faults.ts";
import { readBody } from "../read-body.ts";
import { scopes, type AccessToken, type Identity } from "./identity.ts";
import { apiError, send, type Reply } from "./reply.ts";
import {
  exchangeToken,
  grantByAssertion,
  impersonate,
  insufficientScope,
  requireToken,
} from "./token-endpoints.ts";

/** The names that google-auth-library and @google-cloud/dns ask. */
export const hosts = [
  "oauth2.googleapis.com",
  "sts.googleapis.com",
  "iamcredentials.googleapis.com",
  "dns.googleapis.com",
] as const;

/** A request as it came. */
export interface EdgeRequest {
  host: string;
  method: string;
  path: string;
  /** 0 until it is answered. */
  status: number;
  /** The access token that it bore, good or not. */
  token: AccessToken | undefined;
}

interface EdgeOptions {
  identity: Identity;
  dns: Pick<CloudDns, "serve">;
  faults: Faults;
  requests: EdgeRequest[];
  /** Told of each request before anything is judged. */
  onRequest: (request: FaultRequest) => void;
}

/** Answers one request. */
export async function serveEdge(
  options: EdgeOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { identity, faults, requests, onRequest } = options;
  const host = request.headers.host ?? "";
  const { pathname: path, searchParams: query } = new URL(request.url ?? "/", `https://${host}`);
  const method = request.method ?? "GET";
  onRequest({ method, path, query });
  const { authorization } = request.headers;
  const token = identity.tokens.find(({ value }) => authorization === `Bearer ${value}`);
  const recorded: EdgeRequest = { host, method, path, status: 0, token };
  requests.push(recorded);
  response.on("finish", () => (recorded.status = response.statusCode));
  if (!(await showFault(faults.take({ method, path, query }), request, response))) return;
  const refusal = host === "dns.googleapis.com" ? whyNoDns(identity, request) : undefined;
  if (host === "dns.googleapis.com" && !refusal) await options.dns.serve(request, response);
  else
    send(
      response,
      refusal ?? giveToken(identity, { host, method, path, authorization, body: await readBody(request) }),
    );
}

/** Undefined for whoever may use Cloud DNS: the service account, with a good token that was asked for it. */
function whyNoDns(identity: Identity, { headers }: IncomingMessage): Reply | undefined {
  const token = requireToken(identity, headers.authorization);
  if ("status" in token) return token;
  if (!token.scopes.includes(scopes.dns) && !token.scopes.includes(scopes.platform))
    return insufficientScope();
  return token.holder === identity.email
    ? undefined
    : apiError(403, "forbidden", "The caller does not have permission");
}

interface TokenRequest {
  host: string;
  method: string;
  path: string;
  authorization: string | undefined;
  body: string;
}

function giveToken(identity: Identity, { host, method, path, authorization, body }: TokenRequest): Reply {
  switch (`${method} ${host}${path}`) {
    case "POST oauth2.googleapis.com/token":
      return grantByAssertion(identity, new URLSearchParams(body));
    case "POST sts.googleapis.com/v1/token":
      return exchangeToken(identity, new URLSearchParams(body));
  }
  if (method !== "POST" || host !== "iamcredentials.googleapis.com")
    return apiError(404, "notFound", "Not Found");
  const token = requireToken(identity, authorization);
  return "status" in token ? token : impersonate(identity, { path, token, body });
}
