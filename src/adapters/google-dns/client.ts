/**
 * Google's own client for Cloud DNS, the same for Google and for an emulator. Only its last link is replaced, the one that
 * sends what the client has made: that one repeats a request whose connection broke and can't be stopped (docs/adr/0004).
 */
import { once } from "node:events";
import type { DNS, Zone } from "@google-cloud/dns";
import type { gaxios } from "google-auth-library";
import type { z } from "zod";
import { parseJson } from "../../domain/json.ts";
import { TransientError } from "../../errors.ts";
import { createRedactor, type Redactor } from "../../redaction.ts";
import { readKey, secretKeys } from "./credentials.ts";
import { answerError, noAnswer, unlessMistake, unreadable } from "./errors.ts";
import { openLogin } from "./login.ts";

export interface GoogleDnsOptions {
  /** G_PROJECT. */
  project: string;
  /** CLOUD_DNS_ENDPOINT, with or without `/dns/v1`: over plain http an emulator, which gets no token. */
  endpoint?: string | undefined;
  /** GOOGLE_APPLICATION_CREDENTIALS; without it the library looks for credentials by itself. */
  keyFile?: string | undefined;
  /** Learns keys and tokens as they are read, and keeps them out of what Google says. */
  redactor?: Redactor | undefined;
  /** For one request, with all that its token needs; 30 s where nothing is said. */
  timeoutMs?: number | undefined;
}

type Request = Parameters<DNS["request"]>[0];
/** Asks something of a zone; the first part of the answer is read by the schema. */
export type Ask = <T>(
  zone: string,
  schema: z.ZodType<T>,
  question: (zone: Zone) => Promise<unknown[]>,
) => Promise<T>;

/**
 * Connects when the first zone is asked. Throws ConfigError when the key file is none, and TransientError for every
 * answer but a 2xx that fits the schema.
 */
export function createAsk(options: GoogleDnsOptions): Ask {
  const keyFile = isEmulator(options) ? undefined : options.keyFile;
  const { redactor = createRedactor() } = options;
  let key: string | undefined;
  let client: Promise<DNS> | undefined;
  return async (zone, schema, question) => {
    const found = await readKey(keyFile).catch((error: unknown) => {
      // A key that is just being replaced may be half written: the one that was good is used.
      if (key === undefined) throw error;
      return key;
    });
    if (found !== key) {
      client = undefined;
      redactor.addDeep(parseJson(found), secretKeys);
    }
    key = found;
    client ??= open({ ...options, redactor }, found);
    try {
      const [answer] = await question((await client).zone(zone));
      const { success, data } = schema.safeParse(answer);
      if (!success) throw unreadable(`zone ${zone}`);
      return data;
    } catch (error) {
      // The client keeps a token that was refused, and waits for ever for one that does not come.
      if (error instanceof TransientError && (error.status ?? 401) === 401) client = undefined;
      throw error;
    }
  };
}

const limits: gaxios.GaxiosOptions = {
  maxContentLength: 16 * 1024 * 1024,
  redirect: "manual",
  responseType: "json",
  validateStatus: () => true,
};
const isEmulator = ({ endpoint }: GoogleDnsOptions) => endpoint?.startsWith("http:") === true;

async function open(options: GoogleDnsOptions & { redactor: Redactor }, key: string): Promise<DNS> {
  // By their default exports: CommonJS that is imported late has no others in a split bundle.
  const { default: library } = await import("@google-cloud/dns");
  const { default: auth } = await import("google-auth-library");
  const projectId = options.project;
  const { getHeaders, http } = openLogin(auth, { projectId, key: isEmulator(options) ? undefined : key });
  // It never logs in by itself.
  const dns = new library.DNS({ projectId, authClient: new auth.PassThroughClient() });
  if (options.endpoint !== undefined) {
    // The library's fetch refuses URLs with credentials.
    const { origin, pathname } = new URL(options.endpoint);
    dns.baseUrl = `${origin}${pathname.replace(/(\/dns\/v1)?\/*$/, "")}/dns/v1`;
  }
  const send = async ({ method = "GET", uri, qs, json, headers }: Request): Promise<object> => {
    const asked = `${method} ${uri.replace(/^.*\/managedZones\//, "zone ")}`;
    const signal = AbortSignal.timeout(options.timeoutMs ?? 30_000);
    // The library gives tokens no limit of time.
    const expired = once(signal, "abort").then(() => Promise.reject(noAnswer("token", signal.reason)));
    const token = getHeaders(uri);
    const shown = Object.fromEntries(await Promise.race([token, expired]));
    options.redactor.add(shown["authorization"]?.replace(/^\S+ /, "") ?? "");
    // This is what the library makes of a proxy's page in place of a token.
    if (shown["authorization"]?.endsWith(" undefined") === true) throw unreadable("token");
    const request = { method, url: uri, params: qs as object, data: json as object, signal };
    const answer = await http
      .request<unknown>({ ...request, ...limits, headers: { ...headers, ...shown } })
      .catch(unlessMistake((error) => noAnswer(asked, error)));
    if (!answer.ok) throw answerError(asked, answer, options.redactor.redact);
    if (typeof answer.data !== "object" || answer.data === null) throw unreadable(asked);
    return answer.data;
  };
  const call = (...[request, callback]: Parameters<DNS["request"]>) =>
    void send(request).then((body) => callback(null, body), callback);
  dns.makeAuthenticatedRequest = Object.assign(call, dns.makeAuthenticatedRequest);
  return dns;
}
