import { createHash } from "node:crypto";
import { ConfigError, TransientError } from "../../errors.ts";
import type { Sources } from "../../ports/sources.ts";
import { redactUrl, splitCredentials } from "../http/redact-url.ts";
import { retryAfterMs } from "../http/retry-after.ts";
import { HttpFailure, send, type HttpAnswer } from "../http/send.ts";

const dependency = "the data URL";
const maxRedirects = 5;
const redirects = new Set([301, 302, 303, 307, 308]);

export interface DataSourceOptions {
  /** DATA_CONFIG_PATH: http or https; a user and password in it are used, and never shown. */
  url: string;
  /** The longest silence of the server; 60 s where nothing is said. */
  readTimeoutMs?: number | undefined;
  /** 64 MiB where nothing is said. */
  maxBytes?: number | undefined;
}

/** The data configuration as it is served; whether it is one is for the domain to say. */
export function createDataSource(options: DataSourceOptions): Pick<Sources, "fetchData"> {
  return {
    async fetchData(signal) {
      const bytes = await follow(options, signal);
      return { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
    },
  };
}

/** Follows redirects itself: the login goes to the host it was meant for, and to no other. */
async function follow(options: DataSourceOptions, signal: AbortSignal): Promise<Uint8Array> {
  let url = parseHttpUrl(options.url);
  const home = url.origin;
  const login = splitCredentials(url).authorization;
  for (let hops = 0; hops <= maxRedirects; hops += 1) {
    const answer = await ask(options, url, url.origin === home ? login : undefined, signal);
    if (!redirects.has(answer.status)) return judge(answer, url);
    const { location } = answer.headers;
    if (typeof location !== "string")
      throw refuse(`${redactUrl(url)} redirects to nowhere; name the document itself`);
    url = parseHttpUrl(location, url);
  }
  throw refuse(
    `${redactUrl(options.url)} redirects more than ${maxRedirects} times; name the document itself`,
  );
}

async function ask(
  options: DataSourceOptions,
  url: URL,
  login: string | undefined,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { bare, authorization = login } = splitCredentials(url);
  const maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
  try {
    return await send({
      method: "GET",
      url: bare.href,
      headers: {
        Accept: "application/json, */*",
        ...(authorization !== undefined && { Authorization: authorization }),
      },
      idleTimeoutMs: options.readTimeoutMs ?? 60_000,
      maxBytes,
      signal,
    });
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error;
    if (error.kind === "too-large")
      throw refuse(
        `${redactUrl(url)} holds more than ${maxBytes / 1024 / 1024} MiB; this can't be the right document`,
      );
    throw new TransientError(dependency, `${redactUrl(url)} can't be read right now (${error.code})`);
  }
}

function judge({ status, headers, body }: HttpAnswer, url: URL): Uint8Array {
  if (status === 200) return body;
  const said = `${redactUrl(url)} answered ${status}`;
  if (status === 408 || status === 429 || status >= 500) {
    throw new TransientError(dependency, said, { retryAfterMs: retryAfterMs(headers["retry-after"]) });
  }
  const remedy = status === 401 || status === 403 ? "check the login in the URL" : "check the URL";
  throw refuse(`${said}; ${remedy}`);
}

function parseHttpUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href);
  if (!url) throw refuse("is not a URL; check the host name and port");
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw refuse(
      base
        ? `${redactUrl(base)} redirects to a ${url.protocol} URL; name the document itself`
        : "must begin with http:// or https://; write https://…",
    );
  }
  return url;
}

function refuse(what: string): ConfigError {
  return new ConfigError([{ where: "DATA_CONFIG_PATH", what }]);
}
