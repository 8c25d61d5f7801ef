/** Asks a server by itself, beside the program that failed: git and helm say why only in words for people. */
import { once } from "node:events";
import net from "node:net";
import { HttpFailure, send } from "../http/send.ts";
import type { GitRemote } from "./git.ts";
import type { Credentials } from "./source.ts";

const timeoutMs = 20_000;

/** The status of an HTTP server's answer; undefined when there is none. */
export async function httpStatus(
  url: string,
  signal: AbortSignal,
  auth?: Credentials,
): Promise<number | undefined> {
  const limits = { totalTimeoutMs: timeoutMs, maxBytes: 8 * 1024 * 1024 };
  try {
    return (await send({ method: "GET", url, auth, ...limits, signal })).status;
  } catch (error) {
    if (error instanceof HttpFailure) return undefined;
    throw error;
  }
}

/**
 * The status of a git server's answer; undefined when there is none. The login goes to its own origin alone: a submodule
 * may be anywhere. SSH knows no status: where a server listens and git fails nevertheless, it is a refusal (403).
 */
export async function gitStatus(
  url: string,
  source: Pick<GitRemote, "url" | "credentials" | "signal">,
): Promise<number | undefined> {
  const parsed = URL.parse(url);
  if (parsed?.protocol === "http:" || parsed?.protocol === "https:") {
    const credentials = parsed.origin === URL.parse(source.url)?.origin ? source.credentials : undefined;
    const refs = `${url.replace(/\/+$/, "")}/info/refs?service=git-upload-pack`;
    return httpStatus(refs, source.signal, credentials);
  }
  const address = sshAddress(url);
  return address.host !== "" && (await answersOnTcp(address)) ? 403 : undefined;
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
