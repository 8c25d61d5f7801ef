/** Whether a source that could not be read is away or refuses: programs say it only in words for people. */
import { existsSync } from "node:fs";
import net from "node:net";
import { fileURLToPath } from "node:url";
import { basicAuthorization } from "../http/redact-url.ts";
import { HttpFailure, send } from "../http/send.ts";
import type { Credentials } from "./source.ts";

/** `refuses`: it answers, and says no; trying again can't mend that. */
export type Verdict = "away" | "refuses";

const timeoutMs = 20_000;
const outage = new Set([
  "ENOTFOUND",
  "EAI_AGAIN",
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EPIPE",
  "EPROTO",
]);

/** Asks a git server by itself, beside git. */
export async function judgeGitServer(
  url: string,
  credentials: Credentials | undefined,
  signal: AbortSignal,
): Promise<Verdict> {
  const parsed = URL.parse(url);
  if (parsed?.protocol === "file:") return existsSync(fileURLToPath(parsed)) ? "away" : "refuses";
  if (parsed?.protocol === "http:" || parsed?.protocol === "https:") {
    const base = url.replace(/\/+$/, "");
    return judgeHttp(`${base}/info/refs?service=git-upload-pack`, credentials, signal);
  }
  const { host, port } = sshAddress(url);
  return (await answersOnTcp(host, port)) ? "refuses" : "away";
}

/**
 * Any answer but "try later" is a no. `onSuccess` is what a good answer means: by default, that the program met an
 * outage which is over now.
 */
export async function judgeHttp(
  url: string,
  credentials: Credentials | undefined,
  signal: AbortSignal,
  onSuccess: Verdict = "away",
): Promise<Verdict> {
  const headers: Record<string, string> = credentials
    ? { Authorization: basicAuthorization(credentials.username, credentials.password) }
    : {};
  try {
    const limits = { idleTimeoutMs: timeoutMs, totalTimeoutMs: 2 * timeoutMs, maxBytes: 8 * 1024 * 1024 };
    const { status } = await send({ method: "GET", url, headers, ...limits, signal });
    if (status < 300) return onSuccess;
    return status === 429 || status >= 500 ? "away" : "refuses";
  } catch (error) {
    signal.throwIfAborted();
    // Certificates that don't fit are for people to mend.
    if (error instanceof HttpFailure && error.kind === "network" && !outage.has(error.code)) return "refuses";
    return "away";
  }
}

/** Host and port of `ssh://…`, `git://…` and `user@host:path`. */
export function sshAddress(url: string): { host: string; port: number } {
  const parsed = URL.parse(url);
  if (parsed && parsed.host !== "") {
    const usual = parsed.protocol === "git:" ? 9418 : 22;
    const host = parsed.hostname.replace(/^\[|\]$/g, "");
    return { host, port: parsed.port === "" ? usual : Number(parsed.port) };
  }
  const host = /^(?:[^@]*@)?(\[[^\]]*\]|[^:]+):/.exec(url)?.[1] ?? "";
  return { host: host.replace(/^\[|\]$/g, ""), port: 22 };
}

function answersOnTcp(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: timeoutMs });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
    socket.once("timeout", () => settle(false));
  });
}
