/**
 * Harvesters and portals of many releases under one port, as a builder reaches them:
 *
 * - `/{namespace}/harvester/api/1/…` and `/{namespace}/harvester/ping` (API_PREFIX with `{namespace}`)
 * - `/site/{namespace}/{service}/…` (SITE_PREFIX with `{namespace}` and `{service}`)
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Faults, showFault } from "../faults.ts";
import { readBody } from "../read-body.ts";
import { serverError, type Answer } from "./answer.ts";
import { harvesterAnswer, isAuthorized } from "./api.ts";
import { HarvesterModel, type HarvesterOptions } from "./model.ts";
import { RateLimit, isPublicName, portalAnswer } from "./portal.ts";

export interface HarvesterHostOptions {
  /** The models' clock. */
  now?: () => number;
  /** Period of the harvesters' timers; 5 s in the real one. */
  tickMs?: number;
  /** An id of the living release in a namespace; another id means another, empty database. */
  instanceFor: (namespace: string) => Promise<string | undefined>;
  /** The model behind a namespace, where somebody else keeps them. */
  modelFor?: (namespace: string) => HarvesterModel | undefined;
  /** Whether a service of a living release has ready pods behind it; default: always. */
  isReady?: (namespace: string, service: string) => Promise<boolean>;
  user?: string;
  password?: string;
  /** Settings of each new model. */
  model?: Omit<HarvesterOptions, "now" | "timerMs">;
  /** Called once for each new model, before its first request. */
  onNewModel?: (model: HarvesterModel, namespace: string) => void;
  /** The clock of nginx's limit; real time by default, since requests come in real time. */
  limitNow?: () => number;
  port?: number;
}

interface HostRequest {
  method: string;
  path: string;
  host: string | undefined;
  status: number;
}

/** Settings that a test may turn while the host runs. */
interface HostSwitches {
  user: string;
  password: string;
  /** nginx's limit on /api of the sites: 429 beyond 10 a second with a burst of 20. */
  limitApi: boolean;
  /** Whether the sites know only public names in the Host header (404 otherwise). */
  requirePublicHost: boolean;
}

export interface HarvesterHost {
  /** `http://127.0.0.1:PORT` */
  url: string;
  /** For API_PREFIX. */
  apiPrefix: string;
  /** For SITE_PREFIX. */
  sitePrefix: string;
  faults: Faults;
  switches: HostSwitches;
  /** Every request, in order. */
  requests: HostRequest[];
  /** The model behind a living release; undefined where none lives. */
  model: (namespace: string) => Promise<HarvesterModel | undefined>;
  close: () => Promise<void>;
}

export async function startHarvesterHost(options: HarvesterHostOptions): Promise<HarvesterHost> {
  const faults = new Faults();
  const requests: HostRequest[] = [];
  const limit = new RateLimit(options.limitNow ?? (() => performance.now()));
  const switches: HostSwitches = {
    user: options.user ?? "admin",
    password: options.password ?? "password",
    limitApi: true,
    requirePublicHost: true,
  };
  const { modelFor } = options;
  const model = modelFor ? (namespace: string) => Promise.resolve(modelFor(namespace)) : modelsOf(options);

  /** Undefined breaks the connection: the pod died with the request. */
  async function answer(request: IncomingMessage, url: URL): Promise<Answer | undefined> {
    const site = /^\/site\/([^/]+)\/([^/]+)(\/.*)?$/.exec(url.pathname);
    if (site) return siteAnswer(request, url, site);
    const [, namespace, path = ""] = /^\/([^/]+)\/harvester(\/.*)?$/.exec(url.pathname) ?? [];
    if (!namespace) return { status: 404, body: { error: "Not Found" } };
    const release = await model(namespace);
    if (!release?.isUp || !(await ready(namespace, "harvester"))) return { status: 503 };
    return (
      refusalOf(request, path, release) ??
      harvesterAnswer(release, request.method ?? "GET", path, await readBody(request))
    );
  }

  /** What Tomcat, its login and a database that is away say before the harvester does. */
  function refusalOf(request: IncomingMessage, path: string, release: HarvesterModel): Answer | undefined {
    if (!release.isDeployed) return { status: 404, body: "<html>HTTP Status 404 – Not Found</html>" };
    const { authorization, accept } = request.headers;
    // Reading needs no login; one that is wrong is refused all the same.
    const write = request.method !== "GET" && request.method !== "HEAD";
    if ((write || authorization !== undefined) && !isAuthorized(authorization, switches))
      return { status: 401, body: "<html>HTTP Status 401 – Unauthorized</html>" };
    if (path === "/ping" && accept === "application/json") return { status: 406 };
    if (release.isDatabaseAway && path.startsWith("/api/")) return serverError();
    const json = request.headers["content-type"]?.startsWith("application/json");
    return request.method === "POST" && path.endsWith("/data") && !json ? { status: 415 } : undefined;
  }

  async function siteAnswer(request: IncomingMessage, url: URL, site: RegExpExecArray): Promise<Answer> {
    const [, namespace = "", service = "", path = "/"] = site;
    const release = await model(namespace);
    if (!release || !(await ready(namespace, service))) return { status: 503 };
    if (switches.requirePublicHost && !isPublicName(request.headers.host)) {
      return { status: 404, body: "no site of this name" };
    }
    const limited = switches.limitApi && path.startsWith("/api");
    if (limited && !limit.admits(`${namespace}/${service}`)) return { status: 429 };
    return portalAnswer(release, path, url.searchParams);
  }

  const ready = async (namespace: string, service: string): Promise<boolean> =>
    (await options.isReady?.(namespace, service)) ?? true;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://host");
    const entry = { method: request.method ?? "GET", path: url.pathname, host: request.headers.host };
    const recorded: HostRequest = { ...entry, status: 0 };
    requests.push(recorded);
    const fault = faults.take({ ...entry, query: url.searchParams });
    if (!(await showFault(fault, request, response))) return;
    const given = await answer(request, url);
    recorded.status = given?.status ?? 0;
    const charset = url.pathname.endsWith("/execution") ? "ISO-8859-1" : "utf-8";
    if (given) send(response, given, charset);
    else request.socket.resetAndDestroy();
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    apiPrefix: `${url}/{namespace}`,
    sitePrefix: `${url}/site/{namespace}/{service}`,
    faults,
    switches,
    requests,
    model,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Finds the model of a namespace; a new one whenever another release lives there. */
function modelsOf(options: HarvesterHostOptions): HarvesterHost["model"] {
  const models = new Map<string, { id: string; model: HarvesterModel }>();
  return async (namespace) => {
    const id = await options.instanceFor(namespace);
    if (id === undefined) return undefined;
    const known = models.get(namespace);
    if (known?.id === id) return known.model;
    const model = new HarvesterModel({
      ...options.model,
      ...(options.now && { now: options.now }),
      ...(options.tickMs !== undefined && { timerMs: options.tickMs }),
    });
    models.set(namespace, { id, model });
    options.onNewModel?.(model, namespace);
    return model;
  };
}

/** The real one writes executions in ISO-8859-1, whatever JSON is. */
function send(response: ServerResponse, { status, body }: Answer, charset: "utf-8" | "ISO-8859-1"): void {
  const headers: Record<string, string> = {};
  if (status === 401) headers["www-authenticate"] = 'Basic realm="harvester"';
  if (body !== undefined) {
    headers["content-type"] = typeof body === "string" ? "text/html" : `application/json;charset=${charset}`;
  }
  response.writeHead(status, headers);
  const text = typeof body === "string" ? body : body === undefined ? "" : JSON.stringify(body);
  response.end(Buffer.from(text, charset === "utf-8" ? "utf8" : "latin1"));
}
