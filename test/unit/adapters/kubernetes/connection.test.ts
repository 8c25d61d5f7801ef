/** The connection against a server that breaks in every way. */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { connect, type KubernetesConnection } from "../../../../src/adapters/kubernetes/client.ts";
import { createCluster } from "../../../../src/adapters/kubernetes/cluster.ts";
import { createAnnouncer } from "../../../../src/adapters/kubernetes/events.ts";
import { createLeaseStore } from "../../../../src/adapters/kubernetes/lease-store.ts";
import { createStateStore } from "../../../../src/adapters/kubernetes/state-store.ts";
import { ConfigError, TransientError } from "../../../../src/errors.ts";
import type { Fault } from "../../../sandbox/faults.ts";
import { type ApiServer, failure, startApiServer } from "./api-server.ts";

let server: ApiServer;
let connection: KubernetesConnection | undefined;
beforeAll(async () => {
  server = await startApiServer();
});
beforeEach(() => server.reset());
afterEach(() => connection?.close());
afterAll(() => server.close());

async function open(timeoutMs?: number, user?: object): Promise<KubernetesConnection> {
  connection = connect({ kubeconfig: await server.kubeconfig(user), timeoutMs });
  return connection;
}
const version = (to: KubernetesConnection) => createCluster(to).version();

describe("the connection to the API server", () => {
  it("is shared by all that is asked, and sends the token", async () => {
    const shared = await open();
    const [cluster, store] = [createCluster(shared), createStateStore(shared, { environment: "prod" })];
    const leases = createLeaseStore(shared, { environment: "prod" });
    const log = { debug: (_: object, message: string) => expect.unreachable(message) };
    await cluster.version();
    await cluster.findNamespaces();
    await cluster.findNamespace("a");
    await cluster.findPods("a");
    await cluster.denied([{ verb: "get", group: "", resource: "pods" }]);
    await cluster.annotateNamespace("a", { b: "c" });
    await store.load();
    await store.save({ run: {} }, "1");
    await leases.read();
    await createAnnouncer(shared, { jobName: "job", log })({ type: "Normal", reason: "r", message: "m" });
    expect(server.requests.length).toBeGreaterThanOrEqual(10);
    expect(server.requests[0]).toBe("GET /version Bearer secret-token");
    // A second one where a request comes before it is known that the first is free again.
    expect(server.sockets.size).toBeLessThanOrEqual(2);
  });

  it("is used again by calls that were made at once", async () => {
    const cluster = createCluster(await open());
    for (let round = 0; round < 5; round += 1) await cluster.observe("a");
    expect(server.requests).toHaveLength(30);
    expect(server.sockets.size).toBeLessThanOrEqual(8);
  });

  it.each<[string, Fault]>([
    ["a broken connection", { kind: "reset" }],
    ["an answer that got lost", { kind: "reset-after" }],
    ["garbage", { kind: "garbage" }],
    ["half an answer", { kind: "truncated" }],
    ["an empty answer", { kind: "empty" }],
    ["silence", { kind: "hang" }],
  ])("calls %s an outage, of reads and of writes", async (_, fault) => {
    const broken = await open(300);
    server.faults.add(() => true, fault);
    const cluster = createCluster(broken);
    const store = createStateStore(broken, { environment: "prod" });
    for (const attempt of [
      () => cluster.findNamespaces(),
      () => cluster.version(),
      () => cluster.observe("a"),
      () => store.save({ run: {} }, "1"),
    ]) {
      const error = await failure(attempt());
      expect(error).toBeInstanceOf(TransientError);
      const { message, hint, details } = error as TransientError;
      const text = [message, hint, ...details].join("\n");
      expect(text).not.toContain("secret-token");
      expect(text).not.toContain("html");
    }
  });

  it.each<Fault["kind"]>(["reset", "hang"])("has seen no status after %s", async (kind) => {
    server.faults.add(() => true, { kind } as Fault);
    expect(await failure(version(await open(200)))).toMatchObject({
      status: undefined,
      retryAfterMs: undefined,
    });
  });

  it("asks again where the server has closed a kept connection, but only to read", async () => {
    const kept = await open();
    await version(kept);
    server.faults.add(() => true, { kind: "reset" }, 1);
    expect(await version(kept)).toBe("v1.36.0");
    server.faults.add(() => true, { kind: "reset" }, 1);
    const save = createStateStore(kept, { environment: "prod" }).save({ run: {} }, "1");
    expect(await failure(save)).toBeInstanceOf(TransientError);
    expect(server.requests.filter((line) => line.startsWith("PATCH"))).toHaveLength(1);
  });

  it("asks no second time where an answer broke off", async () => {
    server.faults.add(() => true, { kind: "truncated" });
    expect(await failure(version(await open()))).toBeInstanceOf(TransientError);
    expect(server.requests).toHaveLength(1);
  });
});

describe("a call on the Lease", () => {
  it("has a time limit of its own, and the next one doesn't use the dead connection", async () => {
    const long = await open(60_000);
    const leases = createLeaseStore(long, { environment: "prod", durationMs: 600 });
    await leases.read();
    await leases.read();
    server.faults.add(() => true, { kind: "hang" }, 1);
    const error = await failure(leases.read());
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({
      message: expect.stringContaining("gave no answer within 0.2 s"),
      status: undefined,
    });
    const kept = server.sockets;
    server.sockets = new Set();
    expect(await leases.read()).toBeDefined();
    expect([...server.sockets].filter((socket) => kept.has(socket))).toEqual([]);
  });

  it.each([
    [90_000, 10_000],
    [15_000, 5000],
    [undefined, 10_000],
  ])("takes at most a third of a LEASE_DURATION of %s ms", async (durationMs, limit) => {
    const opened = await open();
    const limits: unknown[] = [];
    const spied: KubernetesConnection = {
      ...opened,
      api(type, timeoutMs) {
        limits.push(timeoutMs);
        return opened.api(type, timeoutMs);
      },
    };
    createLeaseStore(spied, { environment: "prod", durationMs });
    expect(new Set(limits)).toEqual(new Set([limit]));
  });
});

describe("credentials", () => {
  it.each([
    [
      "of a provider",
      (tokenFile: string) => ({ "auth-provider": { name: "tokenFile", config: { tokenFile } } }),
    ],
    ["of a user", (tokenFile: string) => ({ tokenFile })],
    ["of a user, beside a token and by a relative path", () => ({ tokenFile: "token", token: "old" })],
  ])("in a token file %s are read again once it has been replaced", async (_, userWith) => {
    const tokenFile = path.join(server.dir, "token");
    await writeFile(tokenFile, "first\n");
    const opened = await open(undefined, userWith(tokenFile));
    await version(opened);
    await writeFile(tokenFile, "second\n");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
    await version(opened).finally(() => vi.useRealTimers());
    expect(server.requests).toEqual(["GET /version Bearer first", "GET /version Bearer second"]);
  });

  it("that rotate get connections of their own", async () => {
    const certificate = path.join(server.dir, "certificate");
    await writeFile(certificate, "first");
    const opened = await open(undefined, { "client-certificate": certificate });
    for (let call = 0; call < 5; call += 1) await version(opened);
    const kept = server.sockets;
    expect(kept.size).toBeLessThanOrEqual(2);
    server.sockets = new Set();
    await writeFile(certificate, "second");
    await version(opened);
    expect([...server.sockets].filter((socket) => kept.has(socket))).toEqual([]);
  });

  it("may be a name and a password", async () => {
    await version(await open(undefined, { username: "u", password: "p" }));
    expect(server.requests).toEqual([`GET /version Basic ${Buffer.from("u:p").toString("base64")}`]);
  });

  const plugin = (script: string) => ({
    exec: { apiVersion: "client.authentication.k8s.io/v1", command: process.execPath, args: ["-e", script] },
  });

  it("come from one exec plugin for all that wait for it", async () => {
    const starts = path.join(server.dir, "starts");
    const credential = JSON.stringify({ kind: "ExecCredential", status: { token: "of-the-plugin" } });
    const script = `fs.appendFileSync(${JSON.stringify(starts)}, "x"); console.log(${JSON.stringify(credential)})`;
    await createCluster(await open(undefined, plugin(script))).observe("a");
    expect(new Set(server.requests.map((line) => line.split(" ").slice(2).join(" ")))).toEqual(
      new Set(["Bearer of-the-plugin"]),
    );
    expect(await readFile(starts, "utf8")).toBe("x");
  });

  it.each([
    [
      "fails",
      'console.error("secret"); process.exit(1)',
      "can't be asked: no credentials, asked to get /version",
    ],
    ["hangs", "setTimeout(() => undefined, 2000)", "no credentials within 0.3 s"],
  ])("are missed as an outage where the plugin %s", async (_, script, message) => {
    const error = await failure(
      version(await open(300 + (script.includes("secret") ? 20_000 : 0), plugin(script))),
    );
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ message: expect.stringContaining(message), status: undefined });
    expect((error as Error).message).not.toContain("secret");
    expect(server.requests).toEqual([]);
  });
});

describe("finding the way to the cluster", () => {
  it("takes the namespace that is configured, else the context's", async () => {
    const kubeconfig = await server.kubeconfig();
    expect(connect({ kubeconfig, namespace: "mine" }).namespace).toBe("mine");
    expect(connect({ kubeconfig }).namespace).toBe("of-context");
    expect(connect({ kubeconfig, namespace: "" }).namespace).toBe("of-context");
  });

  it("reads several files as kubectl does", async () => {
    const other = path.join(server.dir, "other");
    await writeFile(other, JSON.stringify({ clusters: [], users: [], contexts: [] }));
    const kubeconfig = `${await server.kubeconfig()}${path.delimiter}${other}`;
    expect(connect({ kubeconfig }).namespace).toBe("of-context");
  });

  it.each([
    ["is missing", undefined],
    ["is not YAML", "users: [{token: s3cret\n  bad"],
    ["is empty", ""],
    ["has no cluster for its context", '{"contexts":[],"clusters":[],"users":[],"current-context":"x"}'],
  ])("says what is wrong with a kubeconfig that %s, without showing it", async (_, text) => {
    const file = path.join(server.dir, "broken");
    if (text !== undefined) await writeFile(file, text);
    let error: unknown;
    try {
      connect({ kubeconfig: text === undefined ? path.join(server.dir, "no-such-file") : file });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).problems).toMatchObject([{ where: "KUBECONFIG" }]);
    expect(JSON.stringify((error as ConfigError).problems)).not.toContain("s3cret");
  });
});
