import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { openRemote } from "../../../../src/adapters/chart/git.ts";
import { wantedVersion } from "../../../../src/adapters/chart/oci.ts";
import { sshAddress } from "../../../../src/adapters/chart/probe.ts";
import { parseChartSource } from "../../../../src/adapters/chart/source.ts";
import { ConfigError } from "../../../../src/errors.ts";
import { removeFolder } from "../../../tools/remove-folder.ts";

describe("CHART_SOURCE", () => {
  it.each([
    ["https://github.com/a/b.git", "https://github.com/a/b.git"],
    ["git+https://github.com/a/b.git", "https://github.com/a/b.git"],
    ["ssh://git@host:22/a/b", "ssh://git@host:22/a/b"],
    ["git@host:a/b.git", "git@host:a/b.git"],
    ["host:a/b.git", "host:a/b.git"],
    ["file:///a/b.git", "file:///a/b.git"],
  ])("%s is git", (text, url) => {
    expect(parseChartSource(text)).toMatchObject({ kind: "git", url, credentials: undefined });
  });

  it("loses its credentials", () => {
    expect(parseChartSource("https://us%40er:p%3Aw@host/a")).toEqual({
      kind: "git",
      url: "https://host/a",
      credentials: { username: "us@er", password: "p:w" },
    });
    expect(parseChartSource("https://token@host/a")).toMatchObject({
      url: "https://host/a",
      credentials: { username: "token" },
    });
    expect(parseChartSource("oci://token@host/a")).toEqual({
      ...{ kind: "oci", reference: "oci://host/a" },
      credentials: { username: "token", password: "token" },
    });
  });

  it("may be a folder or a registry", () => {
    expect(parseChartSource(tmpdir())).toEqual({ kind: "folder", dir: tmpdir() });
    expect(parseChartSource("./charts")).toMatchObject({ kind: "folder" });
    expect(parseChartSource("oci://host/charts/powo:1.0.0")).toMatchObject({ kind: "oci" });
  });

  it.each(["ext::sh -c evil", "transport::https://host/a", "ftp://host/a", "gopher://host/a"])(
    "is never a transport helper: %s",
    (text) => expect(() => parseChartSource(text)).toThrow(ConfigError),
  );

  it.each([
    ["user:canary@host:a/b.git", "GIT_SSH_KEY_FILE"],
    ["user:ca/na:ry@host:a/b.git", "GIT_SSH_KEY_FILE"],
    ["user:canary@host/a/b.git", "GIT_SSH_KEY_FILE"],
    ["ssh://git:canary@host/a/b.git", "https://"],
    ["git://canary@host/a/b.git", "https://"],
    ["https://host/a/b.git?private_token=canary", "GIT_TOKEN_FILE"],
    ["git+ssh://git@host/a/b.git?token=canary", "GIT_TOKEN_FILE"],
    ["oci://host/charts/powo?token=canary", "do not support; remove it"],
  ])(
    "takes no login that would be seen, or that nobody would use, and says where it goes instead: %s",
    (text, instead) => {
      let failure: unknown;
      try {
        parseChartSource(text);
      } catch (error) {
        failure = error;
      }
      expect(failure).toBeInstanceOf(ConfigError);
      const [problem] = (failure as ConfigError).problems;
      expect(problem?.where).toBe("CHART_SOURCE");
      expect(problem?.what).toContain(instead);
      expect(problem?.what).not.toMatch(/canary|ca\/na/);
    },
  );

  it("may hold a digest, or an @ in its path", () => {
    const pinned = `oci://host/charts/powo@sha256:${"a".repeat(64)}`;
    expect(parseChartSource(pinned)).toMatchObject({ kind: "oci", reference: pinned });
    expect(parseChartSource(pinned.replace("//", "//us%40er:p@ss@"))).toEqual({
      ...{ kind: "oci", reference: pinned },
      credentials: { username: "us@er", password: "p@ss" },
    });
    expect(parseChartSource("git@host:a/b@c.git")).toMatchObject({ kind: "git" });
  });

  it.each([
    ["ssh://git@host/a", "host", 22],
    ["ssh://git@[::1]:2222/a", "::1", 2222],
    ["git@host.example:a/b", "host.example", 22],
    ["git://host/a", "host", 9418],
  ])("%s is reached at %s:%s", (url, host, port) => expect(sshAddress(url)).toEqual({ host, port }));

  it.each([
    ["oci://host/powo", "master", undefined],
    ["oci://host/powo", "1.2.3", "1.2.3"],
    ["oci://host:5000/powo", "1.2.3", "1.2.3"],
    ["oci://host/powo:1.0.0", "1.2.3", undefined],
    [`oci://host/powo@sha256:${"a".repeat(64)}`, "1.2.3", undefined],
  ])("%s with %s asks for version %s", (reference, tag, version) => {
    expect(wantedVersion(reference, tag)).toBe(version);
  });
});

describe("git's environment", () => {
  it.each([
    [{ HTTP_PROXY: "http://upper:1" }, "http://upper:1"],
    [{ HTTP_PROXY: "http://upper:1", http_proxy: "http://lower:1" }, "http://upper:1"],
    [{ http_proxy: "http://lower:1" }, "http://lower:1"],
    [{}, undefined],
  ])("has the proxy for http where curl looks for it: %j", async (env, proxy) => {
    const workDir = await mkdtemp(path.join(tmpdir(), "powo-git-env-"));
    const chart = { source: "", path: "powo", sshKeyFile: undefined, tokenFile: undefined };
    const options = { chart, deployTag: "master", environment: "prod", helm: { bin: "helm", workDir, env } };
    const source = { kind: "git", url: "http://host/a.git", credentials: undefined } as const;
    const remote = await openRemote(options, source, new AbortController().signal);
    expect(remote.env["http_proxy"]).toBe(proxy);
    await removeFolder(workDir);
  });
});
