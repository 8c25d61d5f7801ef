/** The harvester's adapters on the emulator. */
import { describe, expect, it } from "vitest";
import { createHarvester } from "../../src/adapters/harvester/harvester.ts";
import { createSite } from "../../src/adapters/harvester/site.ts";
import type { TransientError } from "../../src/errors.ts";
import { startHarvesterHost, type HarvesterHost } from "../sandbox/harvester/host.ts";
import { describeHarvester } from "./harvester.ts";

const namespace = "prod-aaaaa";

async function start(now: () => number = Date.now): Promise<HarvesterHost> {
  return startHarvesterHost({ now, instanceFor: (name) => Promise.resolve(name) });
}

const login = { username: "admin", password: "password", apiPath: "/harvester/api/1" };

describeHarvester("axios", async () => {
  let now = Date.parse("2026-11-22T12:00:00Z");
  const host = await start(() => now);
  return {
    harvester: createHarvester({
      ...login,
      apiPrefix: host.apiPrefix,
      timeoutMs: 1_000,
      importTimeoutMs: 500,
    }),
    site: createSite({ sitePrefix: host.sitePrefix, timeoutMs: 1_000 }),
    target: { namespace, service: "ingress", host: "prod.plantsoftheworld.online" },
    namespace,
    showFault: (fault) => host.faults.add(() => true, fault, 1),
    showPage: (fault) => host.faults.add(({ path }) => path.endsWith("/api/2/search"), fault, 1),
    pass: (ms) => void (now += ms),
    loseDatabase: async () => (await host.model(namespace))?.loseDatabase(),
    failJob: async (job, description) =>
      void (await host.model(namespace))?.outcomes.set(job, { exitCode: "FAILED", description }),
    loseConnection: async (ms) => (await host.model(namespace))?.loseConnection(ms),
    close: () => host.close(),
  };
});

describe("the harvester's adapters", () => {
  it("send the public name as Host", async () => {
    const host = await start();
    const site = createSite({ sitePrefix: host.sitePrefix });
    await site.probe({ namespace, service: "ingress", host: "prod.plantsoftheworld.online" });
    expect(host.requests.at(-1)).toMatchObject({ host: "prod.plantsoftheworld.online" });
    await host.close();
  });

  it("say that the login was refused, without the password", async () => {
    const host = await start();
    const password = "canary-api-password";
    const harvester = createHarvester({ ...login, password, apiPrefix: host.apiPrefix });
    const failure = await harvester.startList(namespace, "1").catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "OUTAGE", status: 401 });
    expect((failure as TransientError).hint).toContain("API_USERNAME and API_PASSWORD");
    expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain(password);
    await host.close();
  });

  it("call a container whose application failed to start an outage, whatever is asked: it knows no path", async () => {
    const host = await start();
    const harvester = createHarvester({ ...login, apiPrefix: host.apiPrefix });
    Object.assign((await host.model(namespace))!, { isDeployed: false });
    const outage = { code: "OUTAGE", status: 404 };
    await expect(harvester.findList(namespace, "1")).rejects.toMatchObject(outage);
    await expect(harvester.exportData(namespace)).rejects.toMatchObject(outage);
    await expect(harvester.startJob(namespace, 1)).rejects.toMatchObject(outage);
    await host.close();
  });

  it("call a host that isn't there an outage", async () => {
    const harvester = createHarvester({ ...login, apiPrefix: "http://ingress.{namespace}.invalid" });
    await expect(harvester.findList(namespace, "1")).rejects.toMatchObject({ code: "OUTAGE" });
    const closed = createHarvester({ ...login, apiPrefix: "http://127.0.0.1:9" });
    await expect(closed.findList(namespace, "1")).rejects.toThrow("ECONNREFUSED");
  });
});
