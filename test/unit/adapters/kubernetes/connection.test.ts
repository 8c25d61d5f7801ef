/** The connection against a server that breaks in every way. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { connect, createCluster, createStateStore } from "../../../../src/adapters/kubernetes/index.ts";
import { ConfigError, TransientError } from "../../../../src/errors.ts";
import { Faults, showFault, type Fault } from "../../../sandbox/faults.ts";

const faults = new Faults();
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let sockets: Set<unknown>;
let requests: string[];
let server: Server;
let kubeconfig: string;
let dir: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    sockets.add(request.socket);
    requests.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    const { pathname, searchParams } = new URL(request.url ?? "", "http://x");
    const fault = faults.take({ method: request.method ?? "", path: pathname, query: searchParams });
    void showFault(fault, request, response).then((goesOn) => {
      if (goesOn) answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  dir = await mkdtemp(path.join(tmpdir(), "connection-"));
  kubeconfig = path.join(dir, "config");
  await writeFile(kubeconfig, config({ token: "secret-token" }));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  faults.clear();
  sockets = new Set();
  requests = [];
  answer = (_, response) => json(response, { gitVersion: "v1.36.0", items: [], metadata: {} });
});

const json = (response: ServerResponse, body: object) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(body));
};

/** Without insecure-skip-tls-verify: client-node alone would refuse it. */
function config(user: object, context: object = {}): string {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return JSON.stringify({
    clusters: [{ name: "c", cluster: { server: url } }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u", namespace: "of-context", ...context } }],
    "current-context": "x",
  });
}

const open = (timeoutMs?: number) => connect({ kubeconfig, timeoutMs });
const failure = (attempt: Promise<unknown>) =>
  attempt.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("the connection to the API server", () => {
  it("keeps its connections and sends the token", async () => {
    const connection = open();
    for (let count = 0; count < 5; count += 1) await connection.api.version();
    expect(sockets.size).toBe(1);
    expect(requests[0]).toBe("GET /version Bearer secret-token");
    connection.close();
  });

  it("reads a token file again once it has been replaced", async () => {
    const tokenFile = path.join(dir, "token");
    await writeFile(tokenFile, "first");
    const file = path.join(dir, "with-token-file");
    await writeFile(file, config({ "auth-provider": { name: "tokenFile", config: { tokenFile } } }));
    const { api } = connect({ kubeconfig: file });
    await api.version();
    await writeFile(tokenFile, "second");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
    await api.version().finally(() => vi.useRealTimers());
    expect(requests).toEqual(["GET /version Bearer first", "GET /version Bearer second"]);
  });

  it.each<[string, Fault]>([
    ["a broken connection", { kind: "reset" }],
    ["an answer that got lost", { kind: "reset-after" }],
    ["garbage", { kind: "garbage" }],
    ["half an answer", { kind: "truncated" }],
    ["an empty answer", { kind: "empty" }],
    ["silence", { kind: "hang" }],
    ["503", { kind: "status", status: 503, headers: { "retry-after": "7" } }],
    ["a login page", { kind: "status", status: 302, body: "<html>" }],
    ["a list that is none", { kind: "status", status: 200, body: "[]" }],
    ["an object without items", { kind: "status", status: 200, body: "{}" }],
  ])("calls %s an outage, of reads and of writes", async (_, fault) => {
    const connection = open(300);
    faults.add(() => true, fault);
    const cluster = createCluster(connection);
    for (const attempt of [cluster.findNamespaces(), cluster.version(), cluster.observe("a")]) {
      const error = await failure(attempt);
      expect(error).toBeInstanceOf(TransientError);
      const { message, hint, details } = error as TransientError;
      const text = [message, hint, ...details].join("\n");
      expect(text).not.toContain("secret-token");
      expect(text).not.toContain("html");
    }
    if (fault.kind !== "status" || fault.status !== 200)
      expect(
        await failure(createStateStore(connection, { environment: "prod" }).save({ run: {} }, "1")),
      ).toBeInstanceOf(TransientError);
    connection.close();
  });

  it("hands on how long the server wants to be left alone", async () => {
    faults.add(() => true, { kind: "status", status: 429, headers: { "retry-after": "7" } });
    expect(await failure(open().api.version())).toMatchObject({ retryAfterMs: 7000 });
  });

  it("asks again where the server has closed a kept connection, but only to read", async () => {
    const connection = open();
    await connection.api.version();
    faults.add(() => true, { kind: "reset" }, 1);
    expect(await connection.api.version()).toBe("v1.36.0");
    faults.add(() => true, { kind: "reset" }, 1);
    const save = createStateStore(connection, { environment: "prod" }).save({ run: {} }, "1");
    expect(await failure(save)).toBeInstanceOf(TransientError);
    expect(requests.filter((line) => line.startsWith("PATCH"))).toHaveLength(1);
    connection.close();
  });

  it("follows the pages of a list to its end", async () => {
    answer = (request, response) => {
      const page = new URL(request.url ?? "", "http://x").searchParams.get("continue") ?? "0";
      const next = page === "2" ? "" : String(Number(page) + 1);
      json(response, { items: [{ metadata: { name: `n${page}` } }], metadata: { continue: next } });
    };
    const names = (await createCluster(open()).findNamespaces()).map(({ name }) => name);
    expect(names).toEqual(["n0", "n1", "n2"]);
  });
});

describe("finding the way to the cluster", () => {
  it("takes the namespace that is configured, else the context's", () => {
    expect(connect({ kubeconfig, namespace: "mine" }).namespace).toBe("mine");
    expect(connect({ kubeconfig }).namespace).toBe("of-context");
    expect(connect({ kubeconfig, namespace: "" }).namespace).toBe("of-context");
  });

  it("reads several files as kubectl does", async () => {
    const other = path.join(dir, "other");
    await writeFile(other, JSON.stringify({ clusters: [], users: [], contexts: [] }));
    expect(connect({ kubeconfig: `${kubeconfig}${path.delimiter}${other}` }).namespace).toBe("of-context");
  });

  it.each([
    ["is missing", undefined],
    ["is not YAML", "users: [{token: s3cret\n  bad"],
    ["is empty", ""],
    ["has no cluster for its context", '{"contexts":[],"clusters":[],"users":[],"current-context":"x"}'],
  ])("says what is wrong with a kubeconfig that %s, without showing it", async (_, text) => {
    const file = path.join(dir, "broken");
    if (text !== undefined) await writeFile(file, text);
    let error: unknown;
    try {
      connect({ kubeconfig: text === undefined ? path.join(dir, "no-such-file") : file });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).problems).toMatchObject([{ where: "KUBECONFIG" }]);
    expect(JSON.stringify((error as ConfigError).problems)).not.toContain("s3cret");
  });
});
