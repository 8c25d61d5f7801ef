/** What is made of each answer that the API server, or a proxy before it, can give. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connect, type KubernetesConnection } from "../../../../src/adapters/kubernetes/client.ts";
import { createCluster } from "../../../../src/adapters/kubernetes/cluster.ts";
import { createStateStore } from "../../../../src/adapters/kubernetes/state-store.ts";
import { CheckpointError, ConflictError, TransientError } from "../../../../src/errors.ts";
import { type ApiServer, failure, json, startApiServer } from "./api-server.ts";

let server: ApiServer;
let connection: KubernetesConnection;
beforeAll(async () => {
  server = await startApiServer();
  connection = connect({ kubeconfig: await server.kubeconfig(), timeoutMs: 5000 });
});
beforeEach(() => server.reset());
afterAll(async () => {
  connection.close();
  await server.close();
});

const cluster = () => createCluster(connection);
const status = (reason: string, message = "no", causes: object[] = []) => ({
  ...{ kind: "Status", apiVersion: "v1", status: "Failure", reason, message },
  details: { causes },
});
const answers = (code: number, body: object | string, headers: Record<string, string> = {}) => {
  server.answer = (_, response) => {
    const type = typeof body === "string" ? "text/html" : "application/json";
    response.writeHead(code, { "content-type": type, ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
};
const page = "<html>secret page</html>";

describe("an answer that a call says nothing about", () => {
  it.each<[string, number, object | string]>([
    ["401", 401, status("Unauthorized", "Unauthorized")],
    ["403", 403, status("Forbidden")],
    ["403 of a proxy", 403, page],
    ["404 with a Status", 404, status("NotFound")],
    ["404 of a proxy", 404, "404 page not found\n"],
    ["400", 400, status("BadRequest")],
    ["410", 410, status("Expired")],
    ["422", 422, status("Invalid")],
    ["429", 429, status("TooManyRequests")],
    ["500", 500, status("InternalError")],
    ["503 with a page", 503, page],
    ["a login page", 302, page],
    ["200 with a page", 200, page],
    ["200 with nothing", 200, ""],
    ["half a JSON", 200, '{"kind":"NamespaceList","items":['],
    ["a list that is none", 200, []],
    ["an object without items", 200, { kind: "NamespaceList" }],
  ])("is an outage with its status: %s", async (_, code, body) => {
    answers(code, body);
    const error = await failure(cluster().findNamespaces());
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ dependency: "the Kubernetes API", status: code });
    const { message, hint, details, cause } = error as TransientError;
    expect(message).toContain("list namespaces");
    expect([message, hint, ...details, String(cause)].join("\n")).not.toMatch(/secret|html/);
  });

  it.each([301, 302, 307, 308])("leads to no other place: %d", async (code) => {
    answers(code, page, { location: "/version" });
    expect(await failure(cluster().findNamespaces())).toMatchObject({ status: code });
    expect(server.requests).toHaveLength(1);
  });

  it("is a conflict when it is 409", async () => {
    answers(409, status("Conflict", "modified"));
    const error = await failure(createStateStore(connection, { environment: "prod" }).save({ run: {} }, "1"));
    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toMatchObject({
      message: expect.stringContaining("powo-builder-prod in namespace of-context"),
    });
  });

  it.each([
    ["0", 0],
    ["3600", 3_600_000],
    ["7", 7000],
    ["rubbish", undefined],
    ["", undefined],
  ])("hands on how long the server wants to be left alone: Retry-After %j", async (header, ms) => {
    answers(429, status("TooManyRequests"), { "retry-after": header });
    expect(await failure(cluster().version())).toMatchObject({ status: 429, retryAfterMs: ms });
  });

  it("hands on the time at which it may be asked again", async () => {
    answers(503, page, { "retry-after": new Date(Date.now() + 3_000_000).toUTCString() });
    const { retryAfterMs } = (await failure(cluster().version())) as TransientError;
    expect(retryAfterMs).toBeGreaterThan(2_000_000);
    expect(retryAfterMs).toBeLessThanOrEqual(3_000_000);
  });

  it("shows the server's own words, in one line that is not too long", async () => {
    answers(500, status("InternalError", `etcd:\n  no leader ${"x".repeat(5000)}`));
    const { details } = (await failure(cluster().version())) as TransientError;
    expect(details).toEqual([expect.stringMatching(/^etcd: no leader x+$/)]);
    expect(details[0]?.length).toBe(400);
  });

  it.each([
    "null",
    "[]",
    '{"kind":"Status","message":5}',
    '{"message":"not a Status"}',
    '{"kind":"Status","details":{"causes":[null,1]}}',
  ])("reads no Status out of %s", async (body) => {
    answers(503, body);
    expect(await failure(cluster().version())).toMatchObject({ status: 503, details: [] });
  });
});

describe("a refusal", () => {
  it("names the right that is missing, and how to ask for it", async () => {
    answers(403, status("Forbidden", 'User "x" cannot patch resource "configmaps"'));
    const save = createStateStore(connection, { environment: "prod" }).save({ run: {} }, "1");
    expect(await failure(save)).toMatchObject({
      message: "not allowed to patch configmaps powo-builder-prod in namespace of-context",
      hint: expect.stringContaining("see kubectl auth can-i patch configmaps -n of-context;"),
      details: ['User "x" cannot patch resource "configmaps"'],
    });
  });

  it.each<[string, (cluster: ReturnType<typeof createCluster>) => Promise<unknown>, string]>([
    ["not allowed to list namespaces in the cluster", (it) => it.findNamespaces(), "list namespaces;"],
    ["not allowed to get namespaces a in the cluster", (it) => it.findNamespace("a"), "get namespaces;"],
    ["not allowed to get /version in the cluster", (it) => it.version(), "get /version;"],
    [
      "not allowed to get pods/log p in namespace a",
      (it) => it.logs("a", "p", "main", 1),
      "get pods --subresource=log -n a;",
    ],
    [
      "not allowed to create selfsubjectaccessreviews.authorization.k8s.io in the cluster",
      (it) => it.denied([{ verb: "get", group: "", resource: "pods" }]),
      "create selfsubjectaccessreviews.authorization.k8s.io;",
    ],
  ])("is told in the words of RBAC: %s", async (message, call, hint) => {
    answers(403, status("Forbidden"));
    const error = await failure(call(cluster()));
    expect(error).toMatchObject({ message, hint: expect.stringContaining(`kubectl auth can-i ${hint}`) });
  });

  it("says which credentials to look at when they are not accepted", async () => {
    answers(401, status("Unauthorized"));
    const hint = expect.stringContaining("the credentials were rejected");
    expect(await failure(cluster().version())).toMatchObject({ hint, status: 401 });
  });

  it.each<[string, object]>([
    ["the cause", status("Forbidden", "no", [{ reason: "NamespaceTerminating" }])],
    ["only the text", status("Forbidden", "unable to create new content because it is being terminated")],
  ])("tells a namespace that is going from a missing right, by %s", async (_, body) => {
    answers(403, body);
    const error = await failure(cluster().ensureNamespace("a", {}));
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ message: expect.stringContaining("is being terminated"), hint: undefined });
  });
});

describe("what a call expects", () => {
  it("is no object where there is none", async () => {
    answers(404, status("NotFound"));
    const store = createStateStore(connection, { environment: "prod" });
    expect(await cluster().findNamespace("a")).toBeUndefined();
    expect(await store.load()).toBeUndefined();
    expect(await cluster().logs("a", "p", "main", 5)).toEqual([]);
    expect(await cluster().blockers("a")).toEqual([]);
    expect(await failure(cluster().deleteNamespace("a", "uid"))).toBeUndefined();
    expect(await failure(store.save({ run: {} }, "1"))).toBeInstanceOf(ConflictError);
    expect(await failure(store.save({ run: {} }, undefined))).toMatchObject({ status: 404 });
  });

  it("is no log of a container that has not started", async () => {
    answers(400, status("BadRequest", "container is waiting to start"));
    expect(await cluster().logs("a", "p", "main", 5)).toEqual([]);
  });

  it.each([413, 422])("is a state that can't be saved: %d", async (code) => {
    answers(code, code === 413 ? page : status("Invalid", "no", [{ reason: "FieldValueTooLong" }]));
    const error = await failure(createStateStore(connection, { environment: "prod" }).save({ run: {} }, "1"));
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error).toMatchObject({ code: "STATE_TOO_LARGE" });
  });

  it.each(["nodes", "pods"])("is no capacity where %s may not be listed", async (resource) => {
    server.answer = (request, response) =>
      request.url?.startsWith(`/api/v1/${resource}?`)
        ? json(response, status("Forbidden"), 403)
        : json(response, { kind: "List", items: [] });
    expect(await cluster().capacity([])).toBeUndefined();
    answers(503, page);
    expect(await failure(cluster().capacity([]))).toBeInstanceOf(TransientError);
  });

  it("is what else keeps a namespace, where some of it may not be listed", async () => {
    const kept = { metadata: { name: "disk", finalizers: ["example.test/kept"] } };
    server.answer = ({ url = "" }, response) => {
      if (url.includes("/pods")) json(response, status("Forbidden"), 403);
      else if (url.includes("/persistentvolumeclaims")) json(response, { kind: "List", items: [kept] });
      else json(response, { kind: "Namespace", metadata: { name: "a" } });
    };
    expect(await cluster().blockers("a")).toEqual([
      "PersistentVolumeClaim disk: finalizer example.test/kept",
    ]);
  });
});
