import { DNS, type Zone } from "@google-cloud/dns";
import { PassThroughClient } from "google-auth-library";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startCloudDns, type CloudDns } from "../../sandbox/dns/cloud-dns.ts";
import type { ZoneModel } from "../../sandbox/dns/zone-model.ts";

const name = "prod.plants.example.";
const record = { name, type: "A", ttl: 300, rrdatas: ["192.0.2.1"] };
const clock = { ms: 0 };
let cloud: CloudDns;
let model: ZoneModel;
let dns: DNS;
let zone: Zone;

beforeEach(async () => {
  clock.ms = 0;
  cloud = await startCloudDns({ now: () => clock.ms, pendingMs: 5_000 });
  model = cloud.addZone({ name: "plants-zone", dnsName: "plants.example.", records: [record] });
  dns = new DNS({ projectId: "a-project", authClient: new PassThroughClient() });
  dns.baseUrl = cloud.baseUrl;
  zone = dns.zone("plants-zone");
});
afterEach(() => cloud.close());

describe("the Cloud DNS server, with Google's own client", () => {
  it("swaps an address and reports the change until it is done", async () => {
    const [records] = await zone.getRecords({ name, type: "A" });
    expect(records.map((found) => found.data)).toEqual([["192.0.2.1"]]);
    const next = zone.record("a", { name, ttl: 300, data: ["192.0.2.2"] });
    const [change] = await zone.createChange({ delete: records, add: next });
    const [pending] = await change.getMetadata();
    expect(pending.status).toBe("pending");
    clock.ms = 5_000;
    const [done] = await change.getMetadata();
    expect(done.status).toBe("done");
    expect(model.find(name)?.rrdatas).toEqual(["192.0.2.2"]);
  });

  it("refuses a stale deletion with 412 and a second addition with 409", async () => {
    const [records] = await zone.getRecords({ name, type: "A" });
    model.put({ ...record, rrdatas: ["192.0.2.9"] });
    await expect(zone.createChange({ delete: records })).rejects.toMatchObject({
      code: 412,
      errors: [{ reason: "conditionNotMet", domain: "global" }],
    });
    const existing = zone.record("a", { name, ttl: 300, data: ["192.0.2.2"] });
    await expect(zone.createChange({ add: existing })).rejects.toMatchObject({ code: 409 });
    expect(model.changes).toEqual([]);
  });

  it("says 404 for an unknown zone or change, and 403 for a zone that is denied", async () => {
    await expect(dns.zone("nothing").getRecords()).rejects.toMatchObject({ code: 404 });
    await expect(zone.change("42").getMetadata()).rejects.toMatchObject({ code: 404 });
    model.denied = "writes";
    const [records] = await zone.getRecords({ name, type: "A" });
    await expect(zone.createChange({ delete: records })).rejects.toMatchObject({ code: 403 });
    model.denied = "everything";
    await expect(zone.getRecords()).rejects.toMatchObject({ code: 403 });
  });

  it("tells which permissions the caller has, even in a zone that is denied", async () => {
    const permissions = ["dns.changes.create", "dns.changes.get", "dns.resourceRecordSets.list"];
    const granted = async () => {
      const request = { method: "POST", uri: ":testIamPermissions", json: { permissions } };
      const [body] = (await zone.request(request)) as unknown as [unknown];
      return body;
    };
    expect(await granted()).toEqual({ permissions });
    model.denied = "writes";
    expect(await granted()).toEqual({ permissions: permissions.slice(1) });
    model.denied = "everything";
    expect(await granted()).toEqual({ permissions: [] });
    model.denied = false;
    const url = `${cloud.baseUrl}/projects/a-project/managedZones/plants-zone:testIamPermissions`;
    expect((await fetch(url)).status).toBe(404);
    expect((await fetch(url, { method: "POST", body: '{"permissions": "all"}' })).status).toBe(400);
  });

  it("shows what kind of zone it is, and sets that no plain data describes", async () => {
    const forwardingConfig = { targetNameServers: [{ ipv4Address: "192.0.2.53" }] };
    model.kind = { visibility: "private", forwardingConfig };
    const [metadata] = await zone.getMetadata();
    expect(metadata).toMatchObject({ visibility: "private", forwardingConfig });
    const routingPolicy = { wrr: { items: [{ weight: 1, rrdatas: ["192.0.2.1"] }] } };
    model.put({ ...record, rrdatas: [], routingPolicy });
    const [found] = await zone.getRecords({ name });
    expect(found[0]?.metadata).toMatchObject({ name, type: "A", routingPolicy });
    const plain = zone.record("a", { name, ttl: 300, data: ["192.0.2.1"] });
    await expect(zone.createChange({ delete: plain })).rejects.toMatchObject({ code: 412 });
  });

  it("takes an ALIAS at the top of a zone only", async () => {
    const alias = (at: string) => zone.record("alias", { name: at, ttl: 300, data: ["other.example."] });
    await expect(zone.createChange({ add: alias(name) })).rejects.toMatchObject({ code: 400 });
    await zone.createChange({ add: alias("plants.example.") });
    expect(model.find("plants.example.", "ALIAS")?.rrdatas).toEqual(["other.example."]);
  });

  it("lists zones and their records page by page", async () => {
    cloud.addZone({ name: "elsewhere", dnsName: "else.example.", project: "another-project" });
    const [zones] = await dns.getZones();
    expect(zones.map((found) => found.name)).toEqual(["plants-zone"]);
    // More than one page of 100: the client follows the tokens by itself.
    for (let n = 100; n < 300; n += 1) model.put({ ...record, name: `n${n}.plants.example.` });
    const [all] = await zone.getRecords();
    expect(new Set(all.map((found) => `${found.metadata.name} ${found.type}`)).size).toBe(203);
    expect(cloud.requests.filter(({ path }) => path.includes("pageToken"))).toHaveLength(2);
    const [metadata] = await zone.getMetadata();
    expect(metadata).toMatchObject({ dnsName: "plants.example." });
    const [changes] = await zone.getChanges();
    expect(changes).toEqual([]);
  });

  it("lists changes by their sequence, the newest first where that is asked for", async () => {
    for (const label of ["a", "b", "c"])
      model.change({ additions: [{ ...record, name: `${label}.plants.example.` }] });
    const ids = async (query: { sort?: string; maxResults?: number; sortOrder?: string }) =>
      (await zone.getChanges({ ...query, autoPaginate: false }))[0].map(({ id }) => id);
    expect(await ids({ sort: "desc", maxResults: 2 })).toEqual(["3", "2"]);
    expect(await ids({ sort: "asc" })).toEqual(["1", "2", "3"]);
    expect(await ids({})).toEqual(["1", "2", "3"]);
    await expect(ids({ sortOrder: "newest" })).rejects.toMatchObject({ code: 400 });
  });

  it("carries a change out though its answer is lost; the client then repeats it by itself and meets 412", async () => {
    cloud.faults.add(({ method }) => method === "POST", { kind: "reset-after" }, 1);
    const [records] = await zone.getRecords({ name, type: "A" });
    await expect(zone.createChange({ delete: records })).rejects.toMatchObject({ code: 412 });
    expect(model.find(name)).toBeUndefined();
    expect(model.changes).toHaveLength(1);
  });

  it("gives errors in Google's shape", async () => {
    const url = `${cloud.baseUrl}/projects/a-project/managedZones/plants-zone`;
    const denied = await fetch(`${url}/rrsets?type=A`);
    expect(denied.status).toBe(400);
    model.denied = "everything";
    expect(await (await fetch(url)).json()).toEqual({
      error: {
        code: 403,
        message: "The caller does not have permission",
        status: "PERMISSION_DENIED",
        errors: [{ reason: "forbidden", domain: "global", message: "The caller does not have permission" }],
      },
    });
    expect((await fetch(`${url}/changes`, { method: "POST", body: "rubbish" })).status).toBe(403);
    model.denied = false;
    expect((await fetch(`${url}/changes`, { method: "POST", body: "rubbish" })).status).toBe(400);
  });
});
