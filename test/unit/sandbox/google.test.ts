import { execFile } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import tls from "node:tls";
import { promisify } from "node:util";
import { DNS } from "@google-cloud/dns";
import { gaxios, GoogleAuth } from "google-auth-library";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startCloudDns, type CloudDns } from "../../sandbox/dns/cloud-dns.ts";
import { Identity, nowSeconds, scopes } from "../../sandbox/google/identity.ts";
import { startGoogle, type Google } from "../../sandbox/google/index.ts";
import { createSigningKey, signJwt } from "../../sandbox/google/jwt.ts";
import { grantByAssertion } from "../../sandbox/google/token-endpoints.ts";
import { removeFolder } from "../../tools/remove-folder.ts";

/** Not the library's shared instance, from which a login keeps the proxy away for the rest of the process. */
const { Gaxios } = gaxios;
const projectId = "a-project";
const usual = tls.getCACertificates();

describe("an assertion of a key", () => {
  const identity = new Identity(projectId);
  identity.keys = [createSigningKey()];
  const good = {
    ...{ iss: identity.email, scope: scopes.dns, aud: "https://oauth2.googleapis.com/token" },
    ...{ iat: nowSeconds(), exp: nowSeconds() + 3_600 },
  };
  const grant = (claims: object) => {
    const assertion = signJwt({ ...good, ...claims }, identity.keys[0]!);
    const grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    return grantByAssertion(identity, new URLSearchParams({ grant_type, assertion }));
  };

  it.each([
    ["another account", { iss: "x@y.iam.gserviceaccount.com" }, "account not found"],
    ["another audience", { aud: "https://dns.googleapis.com/" }, "audience"],
    ["more than an hour", { exp: nowSeconds() + 7_200 }, "short-lived"],
    ["a time that has passed", { iat: 1, exp: 2 }, "short-lived"],
    ["a time to come", { iat: nowSeconds() + 900, exp: nowSeconds() + 1_800 }, "short-lived"],
    ["a scope that there isn't", { scope: "https://www.googleapis.com/auth/nothing" }, "scope"],
    ["no scope", { scope: undefined }, "scope"],
  ])("is refused for %s", (_, claims, reason) => {
    expect(grant({})).toMatchObject({ status: 200 });
    const { status, body } = grant(claims);
    expect({ status, said: JSON.stringify(body) }).toEqual({
      status: 400,
      said: expect.stringContaining(reason),
    });
  });
});

describe("the double of Google, asked by Google's own libraries", () => {
  let dir: string;
  let cloud: CloudDns;
  let google: Google;

  beforeEach(async () => {
    dir = await mkdtemp(path.join(tmpdir(), "google-"));
    cloud = await startCloudDns();
    cloud.addZone({ name: "plants-zone", dnsName: "plants.example.", project: projectId });
    google = await startGoogle({ dir, project: projectId, dns: cloud, way: "proxy" });
    tls.setDefaultCACertificates([...usual, google.ca]);
    for (const [name, value] of Object.entries(google.way.env)) vi.stubEnv(name, value);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    tls.setDefaultCACertificates(usual);
    await Promise.all([google.close(), cloud.close()]);
    await removeFolder(dir);
  });

  /** Asks for the zone; gives its name, or the code and the message of the refusal. */
  async function ask(dns: DNS): Promise<unknown> {
    try {
      const [zone] = await dns.zone("plants-zone").getMetadata();
      return (zone as { dnsName: string }).dnsName;
    } catch (error) {
      const { code, message } = error as { code: unknown; message: string };
      return { code, message };
    }
  }
  const dnsWith = ({ GOOGLE_APPLICATION_CREDENTIALS: keyFilename = "" }) =>
    new DNS({ projectId, keyFilename });
  /** Statuses, hosts and how their paths begin. */
  const asked = () =>
    google.requests.map(({ host, path: at, status }) => `${status} ${host}${at.slice(0, 9)}`);

  describe("a login with a key", () => {
    it("gets a token, which opens Cloud DNS until it is revoked", async () => {
      const dns = dnsWith(await google.loginByKey());
      expect(await ask(dns)).toBe("plants.example.");
      expect(await ask(dns)).toBe("plants.example.");
      google.identity.revokeTokens();
      expect(await ask(dns)).toMatchObject({ code: 401, message: expect.stringContaining("invalid auth") });
      expect(asked()).toEqual([
        "200 oauth2.googleapis.com/token",
        "200 dns.googleapis.com/dns/v1/p",
        "200 dns.googleapis.com/dns/v1/p",
        "401 dns.googleapis.com/dns/v1/p",
      ]);
      expect(google.requests.at(-1)?.token).toBe(google.identity.tokens[0]);
    });

    it("gets another token when the first has run out", async () => {
      google.identity.tokenLifetimeSeconds = 0;
      const dns = dnsWith(await google.loginByKey());
      expect(await ask(dns)).toMatchObject({ code: 401 });
      google.identity.tokenLifetimeSeconds = 60;
      expect(await ask(dns)).toBe("plants.example.");
      expect(google.identity.tokens).toHaveLength(2);
    });

    it("is refused once its key is deleted, and goes on with the next one", async () => {
      const first = await google.loginByKey();
      const old = dnsWith(first);
      expect(await ask(old)).toBe("plants.example.");
      google.identity.keys = [];
      expect(await ask(dnsWith(first))).toMatchObject({
        message: expect.stringContaining("Invalid JWT Signature"),
      });
      expect(await ask(dnsWith(await google.loginByKey()))).toBe("plants.example.");
    });
  });

  describe("the metadata server", () => {
    const tokenOf = () => new GoogleAuth({ projectId, scopes: scopes.dns }).getAccessToken();

    it("gives tokens to whoever shows its header, as long as it is there", async () => {
      const login = { ...google.loginByMetadataServer(), HOME: dir };
      for (const [name, value] of Object.entries(login)) vi.stubEnv(name, value);
      expect(await tokenOf()).toBe(google.identity.tokens[0]?.value);
      expect(google.identity.tokens[0]).toMatchObject({
        holder: google.identity.email,
        scopes: [scopes.dns],
      });
      const page = `http://${google.metadata.host}/computeMetadata/v1/instance/service-accounts/default/token`;
      expect((await fetch(page)).status).toBe(403);
      await google.metadata.stop();
      await expect(fetch(page)).rejects.toThrow();
      await google.metadata.start();
      expect(await tokenOf()).toBe(google.identity.tokens[1]?.value);
    });
  });

  describe("federation", () => {
    it("exchanges the workload's token, and acts as the service account", async () => {
      const dns = dnsWith(await google.loginByFederation());
      expect(await ask(dns)).toBe("plants.example.");
      expect(asked()).toEqual([
        "200 sts.googleapis.com/v1/token",
        "200 iamcredentials.googleapis.com/v1/proje",
        "200 dns.googleapis.com/dns/v1/p",
      ]);
      const { email, principal, tokens } = google.identity;
      expect(tokens.map(({ holder }) => holder)).toEqual([principal, email]);
    });

    it("needs a token that the identity provider has signed", async () => {
      const login = await google.loginByFederation();
      const { issuer: iss, audience: aud } = google.identity;
      const claims = { iss, aud: [aud], iat: nowSeconds(), exp: nowSeconds() + 60 };
      await writeFile(path.join(dir, "workload-token"), signJwt(claims, createSigningKey()));
      expect(await ask(dnsWith(login))).toMatchObject({
        message: expect.stringContaining("could not be verified"),
      });
    });
  });

  describe("Cloud DNS behind Google's edge", () => {
    const requestWith = async (token: string | undefined) => {
      return new Gaxios().request({
        url: `https://dns.googleapis.com/dns/v1/projects/${projectId}/managedZones/plants-zone`,
        ...(token !== undefined && { headers: { Authorization: `Bearer ${token}` } }),
        validateStatus: () => true,
      });
    };

    it("wants a token of the service account, and a scope that suits", async () => {
      const { identity } = google;
      const statusWith = async (holder: string, scope: string) =>
        (await requestWith(identity.issue(holder, [scope]).value)).status;
      expect(await statusWith(identity.email, scopes.dns)).toBe(200);
      expect(await statusWith(identity.email, scopes.platform)).toBe(200);
      expect(await statusWith(identity.email, "https://www.googleapis.com/auth/devstorage.read_only")).toBe(
        403,
      );
      expect(await statusWith(identity.principal, scopes.platform)).toBe(403);
      for (const none of [undefined, "made-up"]) {
        const { status, data } = await requestWith(none);
        expect({ status, data }).toMatchObject({
          status: 401,
          data: { error: { status: "UNAUTHENTICATED" } },
        });
      }
    });

    it("shows faults before it looks at a token, and tells a test of each request first", async () => {
      const token = google.identity.issue(google.identity.email, [scopes.dns]).value;
      google.faults.add(({ path: at }) => at.startsWith("/dns/"), { kind: "status", status: 400 }, 1);
      expect((await requestWith(token)).status).toBe(400);
      google.onRequest = () => google.identity.revokeTokens();
      expect((await requestWith(token)).status).toBe(401);
    });
  });

  describe("the way to the double", () => {
    it("by proxy leads to no other host", async () => {
      await expect(new Gaxios().request({ url: "https://www.example.com/", retry: false })).rejects.toThrow();
      expect(google.refused).toEqual(["www.example.com:443"]);
      expect(google.requests).toEqual([]);
    });

    it("is a proxy where a mount namespace can't be had", async () => {
      vi.stubEnv("PATH", dir);
      const other = await startGoogle({ dir, project: projectId, dns: cloud, way: "hosts" });
      await other.close();
      expect(other.way).toMatchObject({
        kind: "proxy",
        env: { HTTPS_PROXY: expect.stringMatching("127.0.0.1") },
      });
    });

    it("by host names is gone by programs that know nothing of it, several doubles side by side", async () => {
      const start = async (name: string) => {
        const own = await mkdtemp(path.join(dir, name));
        return startGoogle({ dir: own, project: projectId, dns: cloud, way: "hosts" });
      };
      const doubles = [await start("a"), await start("b")];
      try {
        expect(new Set(doubles.map(({ way }) => way.kind)).size).toBe(1);
        for (const { way, requests } of doubles) {
          const url = "https://dns.googleapis.com/dns/v1/projects/p/managedZones";
          const script = `console.log((await fetch(${JSON.stringify(url)})).status)`;
          const [program, ...args] = way.wrap([process.execPath, "--input-type=module", "-e", script]);
          const { stdout } = await promisify(execFile)(program, args, {
            // Where it is a proxy after all, a program has to ask for it.
            env: { PATH: process.env["PATH"], NODE_USE_ENV_PROXY: "1", ...way.env },
          });
          expect(stdout).toBe("401\n");
          expect(requests).toMatchObject([{ host: "dns.googleapis.com", status: 401 }]);
        }
      } finally {
        await Promise.all(doubles.map((double) => double.close()));
      }
    });
  });
});
