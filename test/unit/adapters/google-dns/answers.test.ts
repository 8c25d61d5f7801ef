/** What each answer means for each call: the refusals that a call expects, and an outage for all others. */
import nock from "nock";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createGoogleDns } from "../../../../src/adapters/google-dns/index.ts";
import { ConflictError, TransientError } from "../../../../src/errors.ts";
import type { Dns } from "../../../../src/ports/dns.ts";

const origin = "http://dns.test";
const base = "/dns/v1/projects/p/managedZones/zone";
const dns = createGoogleDns({ project: "p", endpoint: origin, timeoutMs: 5_000 });
const record = { zone: "zone", name: "a.example.", type: "A", ttlSeconds: 300, rrdatas: ["192.0.2.1"] };

const calls: Record<string, { ask: (port: Dns) => Promise<unknown>; method?: "post"; path: string }> = {
  findZone: { ask: (port) => port.findZone("zone"), path: base },
  findRecords: {
    ask: (port) => port.findRecords("zone", ["a.example."]),
    path: `${base}/rrsets?name=a.example.`,
  },
  findAddressRecords: { ask: (port) => port.findAddressRecords("zone"), path: `${base}/rrsets` },
  findMissingRights: {
    ask: (port) => port.findMissingRights("zone"),
    method: "post",
    path: `${base}:testIamPermissions`,
  },
  "change that adds": {
    ask: (port) => port.change({ zone: "zone", additions: [record], deletions: [] }),
    method: "post",
    path: `${base}/changes`,
  },
  "change that deletes": {
    ask: (port) => port.change({ zone: "zone", additions: [], deletions: [record] }),
    method: "post",
    path: `${base}/changes`,
  },
  findChangeStatus: { ask: (port) => port.findChangeStatus("zone", "7"), path: `${base}/changes/7` },
  findPending: {
    ask: (port) => port.findPending("zone"),
    path: `${base}/changes?sortOrder=descending&maxResults=20`,
  },
};
const names = Object.keys(calls);

beforeAll(() => nock.disableNetConnect());
afterEach(() => {
  expect(nock.pendingMocks()).toEqual([]);
  nock.cleanAll();
});
afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
});

/** The next answer to this call. */
function answer(
  name: string,
  status: number,
  body: unknown = {},
  headers: Record<string, string> = {},
): void {
  const { method = "get", path } = calls[name]!;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  nock(origin)
    [method](path)
    .reply(status, text, { "content-type": "application/json", ...headers });
}
const failure = (name: string) =>
  calls[name]!.ask(dns).then(
    (value) => expect.fail(`answered ${JSON.stringify(value)}`),
    (error: unknown) => error as TransientError,
  );
const google = (message: string, reason: string) => ({ error: { message, errors: [{ reason }] } });

/** The answers that a call expects, and what they mean. */
const expected: Record<string, Record<number, unknown>> = {
  findZone: { 404: undefined },
  findMissingRights: { 400: undefined, 403: undefined, 404: undefined, 405: undefined, 501: undefined },
  findPending: { 400: undefined, 403: undefined, 404: undefined, 405: undefined, 501: undefined },
  "change that adds": { 409: ConflictError, 412: ConflictError },
  "change that deletes": { 409: ConflictError, 412: ConflictError },
};
const statuses = [204, 302, 307, 400, 401, 403, 404, 405, 408, 409, 412, 429, 500, 501, 502, 503, 504];
const table = names.flatMap((name) =>
  statuses.map((status) => ({
    name,
    status,
    means: expected[name]?.[status],
    isExpected: status in (expected[name] ?? {}),
  })),
);

describe("an answer of Cloud DNS", () => {
  it.each(table)("$status to $name is asked for once and means what it must", async ({ name, ...given }) => {
    const { status, means, isExpected } = given;
    // The zone is away as well, so a missing deletion can't be told from a missing zone.
    if (name === "change that deletes" && status === 404) answer("findZone", 404);
    answer(name, status, "", { location: `${origin}/elsewhere` });
    if (isExpected && means === undefined) {
      expect(await calls[name]!.ask(dns)).toBeUndefined();
      return;
    }
    const error = await failure(name);
    expect(error).toBeInstanceOf(means ?? TransientError);
    if (means !== undefined) return;
    expect(error.dependency).toBe("Cloud DNS");
    expect(error.status).toBe(status === 204 ? undefined : status);
    expect(error.message).toContain("zone");
    if (status !== 204) expect(error.message).toContain(String(status));
  });

  it.each(names)("that is no answer of Cloud DNS is an outage: %s", async (name) => {
    // An account without any right is answered with an empty object.
    const empty = name === "findMissingRights" ? [] : ["{}"];
    for (const body of ["<html>log in</html>", '{"rrsets": [', "", "null", "[]", "7", '"text"', ...empty]) {
      answer(name, 200, body);
      const error = await failure(name);
      expect(error).toBeInstanceOf(TransientError);
      expect(error.message).toContain("gave an unreadable answer");
      expect(error.message).not.toContain("log in");
    }
  });

  it.each(names)("that breaks off, or never begins, is an outage: %s", async (name) => {
    const { method = "get", path } = calls[name]!;
    nock(origin)
      [method](path)
      .replyWithError(Object.assign(new Error("canary"), { code: "ECONNRESET" }));
    const error = await failure(name);
    expect(error).toBeInstanceOf(TransientError);
    expect(error.message).toContain("ECONNRESET");
    expect(error.message).not.toContain("canary");
  });

  it("is quoted with its reason, the request, and what to check", async () => {
    answer("change that adds", 403, google("no\n rights", "forbidden"));
    const error = await failure("change that adds");
    expect(error).toMatchObject({
      message: "Cloud DNS answered 403 to POST zone zone/changes: no rights",
      status: 403,
    });
    expect(error.hint).toContain("roles/dns.admin");
    answer("findZone", 401, google("who?", "authError"));
    expect((await failure("findZone")).hint).toContain("GOOGLE_APPLICATION_CREDENTIALS");
  });

  it.each(["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"])(
    "403 for the rate (%s) is no refusal",
    async (reason) => {
      answer("findZone", 403, google("slow down", reason));
      expect(await failure("findZone")).toMatchObject({ status: 429, hint: undefined });
    },
  );

  it("tells how long to wait", async () => {
    answer("findZone", 429, {}, { "retry-after": "7" });
    expect(await failure("findZone")).toMatchObject({ retryAfterMs: 7_000 });
    answer("findZone", 503, {}, { "retry-after": "soon" });
    expect(await failure("findZone")).toMatchObject({ status: 503, retryAfterMs: undefined });
  });

  it("404 to a deletion is a conflict where the zone exists, and what the zone says where it can't be read", async () => {
    answer("change that deletes", 404);
    answer("findZone", 200, { dnsName: "example." });
    expect(await failure("change that deletes")).toBeInstanceOf(ConflictError);
    answer("change that deletes", 404);
    answer("findZone", 503);
    expect(await failure("change that deletes")).toBeInstanceOf(TransientError);
  });
});

describe("the record sets of a zone", () => {
  const wire = { name: "a.example.", type: "A", ttl: 300, rrdatas: ["192.0.2.2", "192.0.2.1"] };

  it("are handed back for deletion exactly as they came", async () => {
    answer("findRecords", 200, {
      rrsets: [{ ...wire, kind: "dns#resourceRecordSet", signatureRrdatas: [] }],
    });
    const found = await dns.findRecords("zone", ["a.example.", "a.example."]);
    let sent: unknown;
    nock(origin)
      .post(`${base}/changes`, (body) => {
        sent = body;
        return true;
      })
      .reply(200, { id: "1", status: "pending" });
    expect(await dns.change({ zone: "zone", additions: [], deletions: found })).toBe("1");
    expect(sent).toEqual({ additions: [], deletions: [wire] });
  });

  it.each([
    ["the same token again", "t"],
    ["an empty token", ""],
  ])("end with %s", async (_, last) => {
    const next = { ...wire, name: "b.example." };
    nock(origin)
      .get(`${base}/rrsets`)
      .reply(200, { rrsets: [wire], nextPageToken: "t" });
    nock(origin)
      .get(`${base}/rrsets?pageToken=t`)
      .reply(200, { rrsets: [next], nextPageToken: last });
    const found = await dns.findAddressRecords("zone");
    expect(found.map(({ name }) => name)).toEqual(["a.example.", "b.example."]);
  });

  it.each([
    ["null", null],
    ["without a type", { ...wire, type: undefined }],
    ["without a TTL", { ...wire, ttl: undefined }],
    ["without data", { ...wire, rrdatas: undefined }],
    ["with data that is no text", { ...wire, rrdatas: [7] }],
  ])("are not believed when one is %s", async (_, set) => {
    answer("findRecords", 200, { rrsets: [wire, set] });
    expect((await failure("findRecords")).message).toContain("gave an unreadable answer");
  });

  it("are those that were asked for, whatever else is answered", async () => {
    const others = [
      { ...wire, name: "b.example." },
      { ...wire, type: "TXT" },
    ];
    answer("findRecords", 200, { rrsets: [...others, wire] });
    const found = await dns.findRecords("zone", ["a.example."]);
    expect(found.map(({ name, type }) => `${type} ${name}`)).toEqual(["A a.example."]);
  });

  it("may be none", async () => {
    answer("findRecords", 200, { kind: "dns#resourceRecordSetsListResponse" });
    expect(await dns.findRecords("zone", ["a.example."])).toEqual([]);
  });
});

describe("the newest changes of a zone", () => {
  const pending = { kind: "dns#change", id: "7", status: "pending", additions: [], deletions: [] };

  it("are those that are pending; one answer is enough", async () => {
    const changes = [pending, { ...pending, id: "6", status: "done" }, { ...pending, id: "5" }];
    answer("findPending", 200, { changes, nextPageToken: "t" });
    expect(await dns.findPending("zone")).toEqual(["7", "5"]);
  });

  it.each([
    ["without an id", { ...pending, id: undefined }],
    ["of a status that is not known", { ...pending, status: "lost" }],
  ])("are not believed when one is %s", async (_, change) => {
    answer("findPending", 200, { changes: [pending, change] });
    expect((await failure("findPending")).message).toContain("gave an unreadable answer");
  });
});

describe("rights", () => {
  it("are asked for by name, and all are missing where none is answered", async () => {
    answer("findMissingRights", 200, {});
    expect(await dns.findMissingRights("zone")).toEqual([
      "dns.changes.create",
      "dns.changes.get",
      "dns.resourceRecordSets.create",
      "dns.resourceRecordSets.delete",
      "dns.resourceRecordSets.list",
      "dns.resourceRecordSets.update",
    ]);
  });
});

describe("an endpoint", () => {
  it.each(["", "/", "/dns/v1", "/dns/v1/", "/dns/v1//"])("may end with %j", async (end) => {
    answer("findZone", 200, { dnsName: "example." });
    const port = createGoogleDns({ project: "p", endpoint: `${origin}${end}` });
    expect(await port.findZone("zone")).toEqual({ dnsName: "example." });
  });

  it("is asked without the credentials in its URL, and doesn't show them", async () => {
    const port = createGoogleDns({ project: "p", endpoint: "http://bot:canary@dns.test" });
    nock(origin, { badheaders: ["authorization"] })
      .get(base)
      .reply(503);
    const error = await port.findZone("zone").catch((thrown: unknown) => thrown as TransientError);
    expect(error).toMatchObject({ status: 503 });
    expect(JSON.stringify(error)).not.toContain("canary");
  });
});
