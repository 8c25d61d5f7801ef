import { createHash } from "node:crypto";
import { shownUrl } from "../../domain/shown-url.ts";
import { ConfigError, TransientError } from "../../errors.ts";
import { HttpFailure, send, tooLarge, unexpected, type HttpAnswer } from "../http/send.ts";

const dependency = "the data URL";
const maxRedirects = 5;
const redirects = new Set([301, 302, 303, 307, 308]);

export interface DataSourceOptions {
  /** DATA_CONFIG_PATH: http or https; a user and password in it are used, and never shown. */
  url: string;
  /** The longest silence of the server; 60 s where nothing is said. */
  readTimeoutMs?: number | undefined;
  /** The longest whole answer; 10 minutes where nothing is said. */
  totalTimeoutMs?: number | undefined;
  /** 64 MiB where nothing is said. */
  maxBytes?: number | undefined;
}

/**
 * The data configuration as it is served; whether it is one is for the domain to say. Throws ConfigError for what is no
 * http URL, redirects without end or is too large, TransientError for any answer but a document.
 */
export async function fetchData(options: DataSourceOptions, signal: AbortSignal) {
  const bytes = await follow(options, signal);
  return { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** Follows redirects itself: the login goes to the origin it was meant for, and to no other. */
async function follow(options: DataSourceOptions, signal: AbortSignal): Promise<Uint8Array> {
  const first = parseHttpUrl(options.url);
  let url = first;
  for (let hops = 0; hops <= maxRedirects; hops += 1) {
    const answer = await fetchOnce(options, url, signal);
    const { status } = answer;
    if (status === 200) return answer.body;
    if (!redirects.has(status)) {
      const hint = status === 401 || status === 403 ? "check the login in the URL" : "check the URL";
      throw unexpected(dependency, answer, { hint, setting: "DATA_CONFIG_PATH" });
    }
    url = parseHttpUrl(locationOf(answer, url), url);
    if (url.origin === first.origin && url.username === "")
      Object.assign(url, { username: first.username, password: first.password });
  }
  const shown = shownUrl(first.href);
  throw mistake(`${shown} redirects more than ${maxRedirects} times; name the document itself`);
}

async function fetchOnce(
  { readTimeoutMs = 60_000, totalTimeoutMs = 600_000, maxBytes = 64 * 1024 * 1024 }: DataSourceOptions,
  { href: url }: URL,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const headers = { Accept: "application/json, */*" };
  const limits = { idleTimeoutMs: readTimeoutMs, totalTimeoutMs, maxBytes, signal };
  try {
    return await send({ method: "GET", url, headers, ...limits });
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error;
    const shown = shownUrl(url);
    if (error.code !== tooLarge)
      throw new TransientError(dependency, `${shown} can't be read right now (${error.code})`);
    throw mistake(`${shown} holds more than ${maxBytes / 1024 / 1024} MiB; this can't be the right document`);
  }
}

/** Header values arrive byte by byte: a location in UTF-8 has to be put together again. */
function locationOf({ headers: { location } }: HttpAnswer, url: URL): string {
  if (typeof location === "string") return Buffer.from(location, "latin1").toString("utf8");
  throw mistake(`${shownUrl(url.href)} redirects to nowhere; name the document itself`);
}

function parseHttpUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href);
  if (!url) throw mistake("is not a URL; check the host name and port");
  if (url.protocol === "http:" || url.protocol === "https:") return url;
  if (!base) throw mistake("must begin with http:// or https://; write https://…");
  throw mistake(`${shownUrl(base.href)} redirects to a ${url.protocol} URL; name the document itself`);
}

function mistake(what: string): ConfigError {
  return new ConfigError([{ where: "DATA_CONFIG_PATH", what }]);
}
