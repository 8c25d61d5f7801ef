/** Lists: all pages, and what load balancers have. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connect, type KubernetesConnection } from "../../../../src/adapters/kubernetes/client.ts";
import { createCluster } from "../../../../src/adapters/kubernetes/cluster.ts";
import { TransientError } from "../../../../src/errors.ts";
import { type ApiServer, failure, json, startApiServer } from "./api-server.ts";

let server: ApiServer;
let connection: KubernetesConnection;
beforeAll(async () => {
  server = await startApiServer();
  connection = connect({ kubeconfig: await server.kubeconfig() });
});
beforeEach(() => server.reset());
afterAll(async () => {
  connection.close();
  await server.close();
});

describe("a list", () => {
  /** A page for each token: its only item is named after it. */
  const pages = (next: (token: string) => string) => {
    server.answer = (request, response) => {
      const token = new URL(request.url ?? "", "http://x").searchParams.get("continue") ?? "0";
      const metadata = { continue: next(token) };
      json(response, { kind: "NamespaceList", items: [{ metadata: { name: `n${token}` } }], metadata });
    };
  };

  it("is followed page by page to its end", async () => {
    pages((token) => (token === "2" ? "" : String(Number(token) + 1)));
    const names = (await createCluster(connection).findNamespaces()).map(({ name }) => name);
    expect(names).toEqual(["n0", "n1", "n2"]);
  });

  it.each<[string, (token: string) => string]>([
    ["the same page again", () => "1"],
    ["pages in a circle", (token) => String((Number(token) + 1) % 3)],
  ])("that has %s ends as an outage", async (_, next) => {
    pages(next);
    const error = await failure(createCluster(connection).findNamespaces());
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ message: expect.stringContaining("NamespaceList"), status: undefined });
    expect(server.requests.length).toBeLessThanOrEqual(4);
  });
});

describe("the address of a load balancer", () => {
  it.each<[string, object[], string | undefined, string[]]>([
    ["none yet", [], undefined, []],
    ["the only one", [{ ip: "10.0.0.1" }], "10.0.0.1", []],
    [
      "the IPv4 one, wherever it stands",
      [{ ip: "2001:db8::1" }, { ip: "10.0.0.1" }],
      "10.0.0.1",
      ["2001:db8::1"],
    ],
    ["the first of several", [{ ip: "10.0.0.2" }, { ip: "10.0.0.1" }], "10.0.0.2", ["10.0.0.1"]],
    ["none where there is only a host name", [{ hostname: "lb.example" }], undefined, ["lb.example"]],
    ["none where there is only IPv6", [{ ip: "2001:db8::1" }], undefined, ["2001:db8::1"]],
    ["that beside a host name", [{ hostname: "lb.example", ip: "10.0.0.1" }], "10.0.0.1", ["lb.example"]],
  ])("is %s", async (_, ingress, address, otherAddresses) => {
    const service = {
      metadata: { name: "public", labels: { name: "portal" } },
      spec: { type: "LoadBalancer" },
      status: { loadBalancer: { ingress } },
    };
    server.answer = (_request, response) => json(response, { kind: "ServiceList", items: [service] });
    expect(await createCluster(connection).findServices("a")).toEqual([
      { name: "public", component: "portal", address, otherAddresses },
    ]);
  });
});
