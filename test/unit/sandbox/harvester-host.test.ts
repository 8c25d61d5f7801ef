import { request as httpRequest } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { generateDataConfiguration } from "../../fixtures/data-configuration.ts";
import { startHarvesterHost, type HarvesterHost } from "../../sandbox/harvester/host.ts";

const doc = generateDataConfiguration({ organisations: 2, jobs: 4, listed: 3 });
const basic = `Basic ${Buffer.from("admin:s3cret").toString("base64")}`;
const alive = new Map<string, string>();
const clock = { ms: 0 };
let host: HarvesterHost;

beforeEach(async () => {
  clock.ms = 1_000_000;
  alive.clear();
  alive.set("prod-aaaaa", "uid-1").set("prod-bbbbb", "uid-2");
  host = await startHarvesterHost({
    now: () => clock.ms,
    limitNow: () => clock.ms,
    instanceFor: async (namespace) => alive.get(namespace),
    isReady: async (_namespace, service) => service !== "ingress-colfungi",
    password: "s3cret",
    model: { jobMs: 10_000 },
  });
});
afterEach(() => host.close());

const api = (namespace: string, path: string): string =>
  `${host.apiPrefix.replace("{namespace}", namespace)}/harvester${path}`;

async function post(url: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const type = { "content-type": "application/json;charset=utf-8", authorization: basic };
  const content = body === undefined ? {} : { body: JSON.stringify(body) };
  return fetch(url, { method: "POST", headers: { ...type, ...headers }, ...content });
}

/** A GET with a Host header of its own, which fetch doesn't allow. */
async function visit(path: string, name: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    httpRequest(`${host.url}${path}`, { headers: { host: name } }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    })
      .on("error", reject)
      .end();
  });
}

describe("the harvesters' host", () => {
  it("plays a whole harvest over HTTP", async () => {
    expect(await (await fetch(api("prod-aaaaa", "/ping"))).text()).toBe("Ok");
    expect((await post(api("prod-aaaaa", "/api/1/data"), doc)).status).toBe(201);
    expect((await post(api("prod-aaaaa", "/api/1/data"), doc)).status).toBe(200);
    expect((await post(api("prod-aaaaa", "/api/1/job/list/1/run"))).status).toBe(200);
    clock.ms += 60_000;
    const list = (await (await fetch(api("prod-aaaaa", "/api/1/job/list/1"))).json()) as { status: string };
    expect(list.status).toBe("Completed");
    const execution = await fetch(api("prod-aaaaa", "/api/1/job/configuration/1/execution"));
    expect(await execution.json()).toMatchObject({
      status: "COMPLETED",
      exitStatus: { exitCode: "COMPLETED" },
    });
  });

  it("asks for a login on writes only", async () => {
    const refused = await post(api("prod-aaaaa", "/api/1/data"), doc, { authorization: "" });
    expect(refused.status).toBe(401);
    expect((await fetch(api("prod-aaaaa", "/api/1/data"))).status).toBe(200);
    expect((await host.model("prod-aaaaa"))?.imports).toBe(0);
  });

  it("keeps a database for each release, and an empty one when the release is another", async () => {
    await post(api("prod-aaaaa", "/api/1/data"), doc);
    expect(await (await fetch(api("prod-bbbbb", "/api/1/job/list/1"))).text()).toBe("");
    alive.set("prod-aaaaa", "uid-3");
    expect(await (await fetch(api("prod-aaaaa", "/api/1/job/list/1"))).text()).toBe("");
  });

  it("answers 503 for a release that doesn't live and while the pod restarts", async () => {
    expect((await fetch(api("prod-ccccc", "/ping"))).status).toBe(503);
    (await host.model("prod-aaaaa"))?.killPod({ downMs: 1_000 });
    expect((await fetch(api("prod-aaaaa", "/ping"))).status).toBe(503);
    clock.ms += 1_000;
    expect((await fetch(api("prod-aaaaa", "/ping"))).status).toBe(200);
  });

  it("breaks the connection when the import is killed, and keeps the part", async () => {
    const model = await host.model("prod-aaaaa");
    if (model) model.killImportAfter = 3;
    await expect(post(api("prod-aaaaa", "/api/1/data"), doc)).rejects.toThrow();
    const again = await post(api("prod-aaaaa", "/api/1/data"), doc);
    expect(await again.json()).toHaveProperty("error");
  });

  it("loses the answer but not the effect under a reset-after fault", async () => {
    host.faults.add(({ path }) => path.endsWith("/run"), { kind: "reset-after" }, 1);
    await post(api("prod-aaaaa", "/api/1/data"), doc);
    await expect(post(api("prod-aaaaa", "/api/1/job/list/1/run"))).rejects.toThrow();
    expect((await host.model("prod-aaaaa"))?.starts).toBe(1);
  });

  it("refuses other types than JSON, rubbish, unknown paths and wrong methods", async () => {
    const url = api("prod-aaaaa", "/api/1/data");
    expect((await post(url, doc, { "content-type": "text/plain" })).status).toBe(415);
    expect((await post(url, "rubbish")).status).toBe(400);
    expect((await fetch(api("prod-aaaaa", "/api/1/nothing"))).status).toBe(404);
    expect((await fetch(api("prod-aaaaa", "/api/1/job/list/1/run"))).status).toBe(405);
  });
});

describe("the sites", () => {
  const site = "/site/prod-aaaaa/ingress";

  it("show what was harvested under the public name, and record the name", async () => {
    (await host.model("prod-aaaaa"))?.harvestAtOnce(doc);
    const { status, text } = await visit(
      `${site}/api/2/search?perPage=1&facet=status`,
      "prod.plants.example",
    );
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ totalResults: 1_423_456, results: [{}], facets: {} });
    expect(host.requests.at(-1)).toMatchObject({ host: "prod.plants.example", status: 200 });
  });

  it("know taxa once something is harvested, but for the missing ones", async () => {
    const taxon = `${site}/api/2/taxon/urn:lsid:example.org:names:1-1`;
    expect((await visit(taxon, "prod.plants.example")).status).toBe(404);
    const model = await host.model("prod-aaaaa");
    model?.harvestAtOnce(doc);
    expect((await visit(taxon, "prod.plants.example")).status).toBe(200);
    model?.missingTaxa.add("urn:lsid:example.org:names:1-1");
    expect((await visit(taxon, "prod.plants.example")).status).toBe(404);
  });

  it("are not found without a public name, unless told not to look", async () => {
    for (const name of ["127.0.0.1:8080", "localhost", "ingress.prod-aaaaa.svc.cluster.local"]) {
      expect((await visit(`${site}/ping`, name)).status).toBe(404);
    }
    host.switches.requirePublicHost = false;
    expect((await visit(`${site}/`, "localhost")).status).toBe(200);
  });

  it("are a 503 while no pod is behind the service", async () => {
    expect((await visit("/site/prod-aaaaa/ingress-colfungi/", "prod.plants.example")).status).toBe(503);
  });

  it("limit /api to a burst of 20 and then 10 a second", async () => {
    const burst = async () => {
      const answers = Array.from({ length: 30 }, () => visit(`${site}/api/2/search`, "prod.plants.example"));
      return (await Promise.all(answers)).filter(({ status }) => status === 200).length;
    };
    expect(await burst()).toBe(21);
    clock.ms += 1_000;
    expect(await burst()).toBe(10);
    expect((await visit(`${site}/ping`, "prod.plants.example")).status).toBe(200);
    host.switches.limitApi = false;
    expect(await burst()).toBe(30);
  });
});
