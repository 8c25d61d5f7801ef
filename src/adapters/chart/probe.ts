/** Asks the server directly after git or helm failed: they explain failures only in prose. */
import { once } from "node:events";
import net from "node:net";
import { HttpFailure, send } from "../http/send.ts";

const timeoutMs = 20_000;

/** The status of an HTTP server's answer to a question without any login; undefined when there is none. */
export async function httpStatus(url: string, signal: AbortSignal): Promise<number | undefined> {
  const limits = { totalTimeoutMs: timeoutMs, maxBytes: 8 * 1024 * 1024 };
  try {
    return (await send({ method: "GET", url, ...limits, signal })).status;
  } catch (error) {
    if (error instanceof HttpFailure) return undefined;
    throw error;
  }
}

/**
 * The status of a git server's last answer, as git's trace has it; undefined when there was none. SSH knows no status: where
 * a server listens and git fails nevertheless, it is a refusal (403).
 */
export async function gitStatus(url: string, trace: string): Promise<number | undefined> {
  if (/^https?:/.test(url)) return statusIn(trace, new URL(url));
  const address = sshAddress(url);
  return address.host !== "" && (await answersOnTcp(address)) ? 403 : undefined;
}

/** The lines of git's trace that matter: `=> Send header: GET /a.git/…`, `… Host: …`, `<= Recv header: HTTP/1.1 401 …`. */
const traced = /=> Send header: (?:(?:GET|POST) (\S+)|host: (\S+))|<= Recv header: HTTP\/[\d.]+ (\d{3})/gi;

/** What was answered last to a question about a repository. */
function statusIn(trace: string, { host, pathname }: URL): number | undefined {
  let [path, isAbout, status] = ["", false, undefined as number | undefined];
  for (const [, asked, at, code] of trace.matchAll(traced)) {
    path = asked ?? path;
    if (at !== undefined) isAbout = at === host && path.includes(`${pathname.replace(/\/+$/, "")}/`);
    if (code !== undefined && isAbout) status = Number(code);
  }
  return status;
}

/** Host and port of `ssh://…`, `git://…` and `user@host:path`. */
export function sshAddress(url: string): { host: string; port: number } {
  const parsed = URL.parse(url);
  const ofPath = /^(?:[^@]*@)?(\[[^\]]*\]|[^:]+):/.exec(url)?.[1] ?? "";
  const host = (parsed?.hostname || ofPath).replace(/^\[|\]$/g, "");
  return { host, port: Number(parsed?.port || (parsed?.protocol === "git:" ? 9418 : 22)) };
}

async function answersOnTcp(address: { host: string; port: number }): Promise<boolean> {
  const socket = net.connect(address);
  const late = AbortSignal.timeout(timeoutMs);
  const answered = await once(socket, "connect", { signal: late }).catch(() => undefined);
  socket.destroy();
  return answered !== undefined;
}
