/** What preflight finds wrong with zones and records, all at once; and waits for addresses that DNS can't take. */
import { describe, expect, it } from "vitest";
import { validate } from "../../src/operate/validate.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { denyWrites, doing, expectSound, newRelease, storedRun, twoZones } from "./seen.ts";

/** The problems as they are shown: `where: what`. */
async function problemsOf(fake: FakeWorld): Promise<string[]> {
  const found: Awaited<ReturnType<typeof validate>>[] = [];
  await fake.builder("validate-1").run(doing(validate, found));
  const problems = found.flatMap(({ document }) => document.problems);
  return problems.map(({ where, what }) => `${where}: ${what}`).sort();
}

describe("preflight", () => {
  it("tells what is wrong also while something else is away", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.zones.get("site")!.kind = { visibility: "private" };
    fake.faults.add({ calls: "sources.fetchData", forMs: 60 * 60_000 });
    expect(await problemsOf(fake)).toEqual([expect.stringContaining("is a private zone")]);
    expect(await fake.builder("builder-1").run()).toMatchObject({ code: 2 });
    fake.zones.get("site")!.kind = {};
    expect(await fake.builder("builder-2").run()).toMatchObject({ code: 75 });
  });

  it.each([
    [{ visibility: "private" }, "private zone"],
    [{ visibility: "private", peeringConfig: { targetNetwork: {} } }, "peering zone"],
    [{ visibility: "private", forwardingConfig: { targetNameServers: [] } }, "forwarding zone"],
  ] as const)("refuses a zone that the public does not ask: %j", async (kind, said) => {
    const fake = createFakeWorld({ live: {} });
    fake.zones.get("site")!.kind = { ...kind };
    const problems = await problemsOf(fake);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`zone "site": is a ${said}`);
    expect(problems[0]).toContain("map the names to the public zone");
    expect(await fake.builder("builder-1").run()).toEqual({ code: 2 });
    expect(fake.effects("cluster.ensureNamespace")).toEqual([]);
  });

  it("names aliases, routing policies, missing rights and an AAAA of the old release, all at once", async () => {
    const fake = createFakeWorld({ live: {}, mappings: twoZones });
    const [site, other] = [fake.zones.get("site")!, fake.zones.get("other")!];
    site.kind = { visibility: "private" };
    fake.cluster.require("prod-old01").release!.others = { ingress: ["2001:db8::1", "lb.example."] };
    site.put({ name: "prod.example.", type: "AAAA", ttl: 300, rrdatas: ["2001:DB8:0::1"] });
    other.denied = "writes";
    const items = [{ weight: 1, rrdatas: ["198.51.100.1"] }];
    other.remove("colplanta.example.");
    other.put({
      ...{ name: "colplanta.example.", type: "A", ttl: 30, rrdatas: [] },
      routingPolicy: { wrr: { items } },
    });
    const problems = await problemsOf(fake);
    expect(problems).toEqual([
      expect.stringMatching(/^name "colplanta.example.": is a record set \(A\) with a routing policy; put/),
      expect.stringMatching(
        /^name "prod.example.": its AAAA record points at prod-old01.*delete that record/,
      ),
      expect.stringMatching(/^zone "other": .*lacks dns.changes.create.*grant it roles\/dns.admin/),
      expect.stringMatching(/^zone "site": is a private zone/),
    ]);
  });

  it("refuses an ALIAS at a name, and passes a zone over that doesn't tell rights", async () => {
    const fake = createFakeWorld({ live: {} });
    const builder = fake.builder("builder-1");
    builder.world.ports.dns.findMissingRights = async () => undefined;
    expect(await builder.run()).toEqual({ code: 0 });
    const site = fake.zones.get("site")!;
    site.put({ name: "example.", type: "ALIAS", ttl: 60, rrdatas: ["a.test."] });
    expect(await problemsOf(fake)).toEqual([]); // at another name
    site.put({ name: "prod.example.", type: "ALIAS", ttl: 60, rrdatas: ["a.test."] });
    expect(await problemsOf(fake)).toEqual([expect.stringContaining("is an alias (ALIAS) of a.test.")]);
  });

  it("leaves an AAAA that leads elsewhere as it is, with a warning", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.zones.get("site")!.put({ name: "prod.example.", type: "AAAA", ttl: 300, rrdatas: ["2001:db8::9"] });
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(fake.said).toContain("prod.example. also has an AAAA record, which is left as it is");
    expectSound(fake);
  });

  it("asks each zone for the records of its names once", async () => {
    const fake = createFakeWorld({ live: {}, mappings: twoZones });
    await problemsOf(fake);
    expect(fake.calls.filter(({ name }) => name === "dns.findRecords")).toHaveLength(2);
  });

  it("finds the live release by any address of its load balancers", async () => {
    const fake = createFakeWorld({ live: {} });
    const { release } = fake.cluster.require("prod-old01");
    const { ingress = "" } = release!.addresses;
    // The list of the load balancer has turned round: the address that DNS knows stands second now.
    fake.cluster.moveAddresses("prod-old01");
    release!.others = { ingress: ["2001:db8::1", ingress] };
    expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
    expect(storedRun(fake).previous).toEqual(["prod-old01"]);
    expect(fake.namespaces).toEqual([newRelease(fake)]);
  });
});

describe("a load balancer", () => {
  it.each([["2001:db8::7"], ["a1b2.elb.example.com"]])(
    "that has only %s ends the run in wait-for-pods, naming it, before anything is loaded",
    async (only) => {
      const fake = createFakeWorld({ live: {} });
      fake.when("after", "releases.install", ({ args }) => {
        const { name } = args[0] as { name: string };
        fake.cluster.moveAddresses(name, "none");
        fake.cluster.require(name).release!.others = { ingress: [only] };
      });
      expect(await fake.builder("builder-1").run()).toEqual({ code: 1 });
      expect(storedRun(fake).failure).toMatchObject({ code: "PODS_TIMEOUT", step: "wait-for-pods" });
      expect(storedRun(fake).failure?.message).toContain(`its load balancer has only ${only}`);
      expect(fake.effects("harvester.importData")).toEqual([]);
    },
  );
});

describe("a swap that Cloud DNS forbids", () => {
  it("before any name has moved protects nothing: the failed build goes with the next run", async () => {
    const fake = createFakeWorld({ live: {} });
    denyWrites(fake, "site");
    expect(await fake.builder("builder-1").run()).toEqual({ code: 75 });
    const failed = newRelease(fake);
    expect(storedRun(fake).dns?.startedAt).toBeUndefined();
    expect(Object.keys(fake.cluster.require(failed).annotations)).toEqual([]);
    expect(fake.cluster.require("prod-old01").annotations).not.toHaveProperty(["powo.kew.org/retain-until"]);
    expect(fake.live).toEqual(["prod-old01"]);
    expectSound(fake);
  });
});
