import { createHash } from "node:crypto";
import { shownUrl } from "../../domain/shown-url.ts";
import { ConfigError, TransientError } from "../../errors.ts";
import { HttpFailure, send, tooLarge, unexpected, type HttpAnswer } from "../http/send.ts";

const dependency = "the data URL";
const maxRedirects = 5;
const redirects = new Set([301, 302, 303, 307, 308]);

/** The longest silence of the server, its longest whole answer, and the largest. */
const usualLimits = { idleTimeoutMs: 60_000, totalTimeoutMs: 600_000, maxBytes: 64 * 1024 * 1024 };
type Limits = typeof usualLimits & { signal: AbortSignal };

export interface DataSourceOptions extends Partial<typeof usualLimits> {
  /** DATA_CONFIG_PATH: http or https; a user and password in it are used, and never shown. */
  url: string;
}

/**
 * The data configuration as it is served; the domain judges its content. Throws ConfigError for what is no
 * http URL, redirects without end or is too large, TransientError for any answer but a document.
 */
export async function fetchData({ url, ...limits }: DataSourceOptions, signal: AbortSignal) {
  const bytes = await follow(parseHttpUrl(url), { ...usualLimits, ...limits, signal });
  return { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** Follows redirects itself: the login goes to the origin it was meant for, and to no other. */
async function follow(first: URL, limits: Limits): Promise<Uint8Array> {
  let url = first;
  for (let hops = 0; hops <= maxRedirects; hops += 1) {
    const answer = await fetchOnce(url, limits);
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

async function fetchOnce({ href: url }: URL, limits: Limits): Promise<HttpAnswer> {
  try {
    return await send({ method: "GET", url, headers: { Accept: "application/json, */*" }, ...limits });
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error;
    const shown = shownUrl(url);
    if (error.code !== tooLarge)
      throw new TransientError(dependency, `${shown} can't be read right now (${error.code})`);
    throw mistake(
      `${shown} holds more than ${limits.maxBytes / 1024 / 1024} MiB; this can't be the right document`,
    );
  }
}

/** Header values arrive byte by byte, in whatever encoding: what is no ASCII goes back as the very bytes that came. */
function locationOf({ headers: { location } }: HttpAnswer, url: URL): string {
  const percent = (byte: string) => `%${byte.charCodeAt(0).toString(16)}`;
  if (typeof location === "string") return location.replaceAll(/[\x80-\xff]/g, percent);
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
