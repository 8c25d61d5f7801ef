/**
 * Faults that an emulator can be told to show: one switchboard for the Kubernetes, harvester and DNS
 * emulators, so that a fault reads the same in every test.
 */
import type { IncomingMessage, ServerResponse } from "node:http";

export type Fault =
  | { kind: "status"; status: number; headers?: Record<string, string>; body?: string }
  /** The connection breaks before a byte of the answer. */
  | { kind: "reset" }
  /** The request is carried out, then the connection breaks before the answer: the caller can't know. */
  | { kind: "reset-after" }
  /** Nothing is ever answered. */
  | { kind: "hang" }
  | { kind: "garbage" }
  /** Half of a JSON body under a Content-Length for the whole, then the connection ends. */
  | { kind: "truncated" }
  | { kind: "empty" }
  | { kind: "slow"; ms: number };

export interface FaultRequest {
  method: string;
  /** Path without the query. */
  path: string;
  query: URLSearchParams;
}

interface Rule {
  matches: (request: FaultRequest) => boolean;
  fault: Fault;
  left: number;
}

/** The faults in force; an emulator asks it once per request. */
export class Faults {
  #rules: Rule[] = [];

  /** Shows `fault` to the next `times` matching requests (default: until cleared). */
  add(matches: (request: FaultRequest) => boolean, fault: Fault, times = Infinity): void {
    this.#rules.push({ matches, fault, left: times });
  }

  clear(): void {
    this.#rules = [];
  }

  /** The fault for this request, counted down. */
  take(request: FaultRequest): Fault | undefined {
    const rule = this.#rules.find((candidate) => candidate.left > 0 && candidate.matches(request));
    if (!rule) return undefined;
    rule.left -= 1;
    return rule.fault;
  }
}

/**
 * Shows a fault. Resolves to false when the fault has answered (or broken) the request, and to true when
 * the emulator must still handle it: after a delay (`slow`), or with the answer lost (`reset-after`:
 * call `response.destroy()` instead of answering; the response is already set up to do so).
 */
export async function showFault(
  fault: Fault | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  switch (fault?.kind) {
    case undefined:
      return true;
    case "status":
      request.resume();
      response.writeHead(fault.status, { "content-type": "application/json", ...fault.headers });
      response.end(fault.body ?? JSON.stringify({ message: `fault ${fault.status}` }));
      return false;
    case "reset":
      request.socket.resetAndDestroy();
      return false;
    case "reset-after":
      response.end = (() => (request.socket.resetAndDestroy(), response)) as typeof response.end;
      response.write = (() => true) as typeof response.write;
      return true;
    case "hang":
      request.resume();
      return false;
    case "garbage":
      request.resume();
      response.writeHead(200, { "content-type": "application/json" });
      response.end("<html>\u0000\u0001 not what you asked for");
      return false;
    case "truncated":
      request.resume();
      response.writeHead(200, { "content-type": "application/json", "content-length": "4096" });
      response.write('{"items": [');
      setImmediate(() => request.socket.destroy());
      return false;
    case "empty":
      request.resume();
      response.writeHead(200, { "content-type": "application/json", "content-length": "0" });
      response.end();
      return false;
    case "slow":
      await new Promise((resolve) => setTimeout(resolve, fault.ms));
      return true;
  }
}
