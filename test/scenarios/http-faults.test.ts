/**
 * Whole runs in virtual time whose harvester, site and Cloud DNS are real adapters on real HTTP: each kind of request meets
 * each way in which a server can fail, once, for a minute, for longer than RETRY_TIMEOUT. `MATRIX=full` plays all of them;
 * one again: `MATRIX=full npx vitest run test/scenarios/http-faults -t "part of the name"`.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGoogleDns } from "../../src/adapters/google-dns/index.ts";
import { createHarvester } from "../../src/adapters/harvester/harvester.ts";
import { createSite } from "../../src/adapters/harvester/site.ts";
import type { FakeWorld } from "../fakes/world.ts";
import { startCloudDns, type CloudDns } from "../sandbox/dns/cloud-dns.ts";
import type { Fault, FaultRequest } from "../sandbox/faults.ts";
import { startHarvesterHost, type HarvesterHost } from "../sandbox/harvester/host.ts";
import { runJob, type CrashedRun } from "./crashes.ts";
import { matrixSeed, sample, scenarios } from "./matrix.ts";
import { expectSound, minute, newRelease } from "./seen.ts";

const kinds: readonly Fault[] = [
  { kind: "hang" },
  { kind: "reset" },
  { kind: "reset-after" },
  { kind: "status", status: 500 },
  { kind: "status", status: 503, body: "<html>down for maintenance</html>" },
  { kind: "status", status: 429, headers: { "retry-after": "20" } },
  { kind: "garbage" },
  { kind: "truncated" },
  { kind: "empty" },
  { kind: "slow", ms: 30 },
];
const lengths = [
  ["once", 1, Infinity],
  ["for a minute", Infinity, minute],
  ["for 14 minutes", Infinity, 14 * minute],
] as const;

interface Kind {
  what: string;
  server: "harvesters" | "dns";
  matches: (request: FaultRequest) => boolean;
}
const harvester =
  (method: string, path: RegExp): Kind["matches"] =>
  (request) =>
    request.method === method && /^\/prod-(?!old)/.test(request.path) && path.test(request.path);
const requests: readonly Kind[] = [
  { what: "the export", server: "harvesters", matches: harvester("GET", /\/data$/) },
  { what: "the import", server: "harvesters", matches: harvester("POST", /\/data$/) },
  { what: "the start of the list", server: "harvesters", matches: harvester("POST", /\/job\/list\//) },
  { what: "the list", server: "harvesters", matches: harvester("GET", /\/job\/list\//) },
  { what: "an execution", server: "harvesters", matches: harvester("GET", /\/execution$/) },
  { what: "the new site", server: "harvesters", matches: ({ path }) => /^\/site\/prod-(?!old)/.test(path) },
  { what: "reading Cloud DNS", server: "dns", matches: ({ method }) => method === "GET" },
  { what: "changing Cloud DNS", server: "dns", matches: ({ path }) => path.endsWith("/changes") },
];
const cases = requests.flatMap((request) =>
  kinds.flatMap((fault) =>
    lengths.map(([length, times, forMs]) => {
      const status = fault.kind === "status" ? ` ${fault.status}` : "";
      return { ...request, fault, times, forMs, text: `${request.what}: ${fault.kind}${status}, ${length}` };
    }),
  ),
);

/**
 * What ends a run with 1, and nothing else may: a site that is sick, a database that says it is empty, and an import that
 * the harvester itself rejects twice, which it does with a 500 while its export can be read.
 */
function mayFailWith({ what, fault, times }: (typeof cases)[number]): readonly string[] {
  if (what === "the import" && fault.kind === "status" && fault.status === 500 && times > 1)
    return ["IMPORT_FAILED"];
  if (what === "the new site" && fault.kind !== "slow") return ["GATE_ANSWER", "GATE_RESULTS"];
  if (what === "the list" && fault.kind === "empty") return ["DATABASE_LOST"];
  return [];
}

let harvesters: HarvesterHost;
let dns: CloudDns;
let world: FakeWorld | undefined;

beforeAll(async () => {
  harvesters = await startHarvesterHost({
    instanceFor: (name) => Promise.resolve(name),
    modelFor: (name) => world?.cluster.find(name)?.harvester,
    isReady: (name, service) => Promise.resolve(world?.cluster.isReady(name, service) ?? false),
  });
  Object.assign(harvesters.switches, { limitApi: false, requirePublicHost: false });
});
afterAll(() => harvesters.close());

/** The adapters as the program has them, with less patience for one request. */
function portsOverHttp(fake: FakeWorld) {
  const timeoutMs = 150;
  const login = { username: "admin", password: "password", apiPath: "/harvester/api/1" };
  const ports = {
    harvester: createHarvester({
      ...login,
      apiPrefix: harvesters.apiPrefix,
      timeoutMs,
      importTimeoutMs: timeoutMs,
    }),
    site: createSite({ sitePrefix: harvesters.sitePrefix, timeoutMs }),
    dns: createGoogleDns({ project: "p", endpoint: dns.url, timeoutMs }),
  };
  for (const port of Object.values(ports) as unknown as Record<
    string,
    (...args: unknown[]) => Promise<unknown>
  >[])
    for (const [name, call] of Object.entries(port))
      port[name] = (...args) => fake.clock.hold(() => call.apply(port, args));
  return ports;
}

/** A run over HTTP; the fault begins with the first request that it fits. */
async function runOverHttp(
  given: (typeof cases)[number] | undefined,
): Promise<CrashedRun & { hits: number }> {
  dns = await startCloudDns();
  let hits = 0;
  try {
    harvesters.faults.clear();
    const run = await runJob(scenarios[0]!, [], (fake) => {
      world = fake;
      for (const zone of fake.zones.values()) dns.host(zone);
      let since: number | undefined;
      if (given)
        (given.server === "dns" ? dns : harvesters).faults.add(
          (request) => {
            if (!given.matches(request)) return false;
            since ??= fake.clock.now();
            if (fake.clock.now() - since >= given.forMs) return false;
            hits += 1;
            return true;
          },
          given.fault,
          given.times,
        );
      return portsOverHttp(fake);
    });
    return { ...run, hits };
  } finally {
    await dns.close();
  }
}

describe(`a run over HTTP, by seed ${matrixSeed}`, async () => {
  const reference = await runJob(scenarios[0]!, []);

  it("ends as one in memory does", async () => {
    const { outcomes, final } = await runOverHttp(undefined);
    expect(outcomes).toEqual(reference.outcomes);
    expect(final).toEqual(reference.final);
  });

  it.each(sample(cases, 24, "http"))("$text", async (given) => {
    const { fake, outcomes, final, hits } = await runOverHttp(given);
    expect(hits).toBeGreaterThan(0);
    expectSound(fake);
    const codes = outcomes.map(({ code }) => code);
    expect(codes.slice(0, -1).filter((code) => code !== 75)).toEqual([]);
    if (codes.at(-1) === 0) {
      expect(final).toEqual(reference.final);
      return;
    }
    const { code } = (fake.store.run as { failure?: { code: string } }).failure ?? {};
    expect(mayFailWith(given), `${codes.join(", ")}: ${fake.said.slice(-2_000)}`).toContain(code);
    expect(codes.at(-1)).toBe(1);
    expect(fake.live).toEqual(["prod-old01"]);
    expect(fake.namespaces).toContain(newRelease(fake));
  });
});
