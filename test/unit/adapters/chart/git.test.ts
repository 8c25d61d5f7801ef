import { execFile } from "node:child_process";
import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createInfrastructureRepository,
  type InfrastructureRepository,
} from "../../../sandbox/git-repository.ts";
import { startGitHttp, type GitHttp } from "../../../tools/git-http.ts";
import { removeFolder } from "../../../tools/remove-folder.ts";
import { createRecordingProgram } from "../../../tools/recording-program.ts";
import { createChartWorld, type ChartWorld } from "./chart-world.ts";

const outage = { code: "OUTAGE", dependency: "the chart source" };

describe("a chart from git", () => {
  let world: ChartWorld;
  let repository: InfrastructureRepository;
  beforeAll(async () => {
    world = await createChartWorld();
    repository = await createInfrastructureRepository(world.dir);
  });
  afterAll(() => world.close());

  const git = async (...args: string[]) => {
    const identity = [
      "-c",
      "user.name=o",
      "-c",
      "user.email=o@example.invalid",
      "-c",
      "protocol.file.allow=always",
    ];
    const cwd = path.join(world.dir, "infrastructure");
    return (await promisify(execFile)("git", [...identity, ...args], { cwd })).stdout.trim();
  };

  it("may be named by branch, tag, annotated tag or commit", async () => {
    const head = await repository.head();
    await repository.tag("v1");
    await git("tag", "-a", "-m", "annotated", "v2");
    await git("push", "-q", "origin", "refs/tags/v2");
    for (const deployTag of ["master", "v1", "v2", head]) {
      expect(await world.fetch(repository.url, { deployTag })).toMatchObject({ commit: head });
    }
  });

  it("may be a bare repository on this disk", async () => {
    expect(await world.fetch(repository.path)).toMatchObject({ commit: await repository.head() });
  });

  it("needs a ref, a folder and a chart that are there", async () => {
    expect(await world.problemOf(repository.url, { deployTag: "nowhere" })).toContain("DEPLOY_TAG: ");
    expect(await world.problemOf(repository.url, { deployTag: "--upload-pack=x" })).toContain("DEPLOY_TAG: ");
    expect(await world.problemOf(repository.url, { deployTag: "mast*" })).toContain("DEPLOY_TAG: ");
    expect(await world.problemOf(repository.url, { chartPath: "nowhere" })).toContain("CHART_PATH: ");
    expect(await world.problemOf(repository.url, { chartPath: "powo/templates" })).toContain("Chart.yaml");
    expect(await world.problemOf(repository.url, { chartPath: "../.." })).toContain("points outside");
    expect(await world.problemOf(`${repository.url}-nowhere`)).toContain("CHART_SOURCE: ");
    expect(await world.problemOf("file://elsewhere/infrastructure.git")).toContain("CHART_SOURCE: ");
  });

  it("is fetched at a pinned commit that no branch holds any more, or missed by name", async () => {
    const gone = await repository.setImage("portal", "portal:gone");
    await git("reset", "-q", "--hard", "HEAD~1");
    await git("push", "-q", "-f", "origin", "HEAD:master");
    expect(await world.fetch(repository.url, { commit: gone })).toMatchObject({ commit: gone });
    const never = "0123456789012345678901234567890123456789";
    expect(await world.problemOf(repository.url, { commit: never })).toContain(`no commit ${never}`);
    await expect(world.fetch(repository.url, { commit: "sha256:abc" })).rejects.toMatchObject({
      code: "CHART_CHANGED",
    });
  });

  it("brings its submodules", async () => {
    await repository.commit(async () => {
      await git("submodule", "--quiet", "add", "-b", "master", repository.url, "nested");
    });
    const chart = await world.fetch(repository.url, { chartPath: "nested/powo" });
    expect(await readFile(path.join(chart.dir, "Chart.yaml"), "utf8")).toContain("powo");
    await repository.commit(async (tree) => {
      const modules = path.join(tree, ".gitmodules");
      const text = (await readFile(modules, "utf8")).replace(/url = .*/, "url = file:///nowhere/at/all");
      await writeFile(modules, text);
    });
    expect(await world.problemOf(repository.url)).toContain("submodule file:///nowhere/at/all");
    await repository.commit(() => git("rm", "-q", "-f", "nested").then(() => undefined));
  });

  it("may not lead out of itself", async () => {
    await repository.commit((tree) => symlink("/etc/passwd", path.join(tree, "powo/templates/out.yaml")));
    expect(await world.problemOf(repository.url)).toContain("templates/out.yaml points outside the chart");
    await repository.commit(() => git("rm", "-q", "powo/templates/out.yaml").then(() => undefined));
  });

  it("on a host that is away is an outage", async () => {
    for (const source of [
      "http://127.0.0.1:9/a.git",
      "https://nowhere.invalid/a.git",
      "ssh://git@127.0.0.1:9/a",
    ]) {
      await expect(world.fetch(source)).rejects.toMatchObject(outage);
    }
  });

  it("stops being fetched when the run is stopped", async () => {
    const program = await createRecordingProgram(world.dir, "exec sleep 30");
    const abort = new AbortController();
    const fetching = world.fetch(repository.url, { gitBin: program.file, signal: abort.signal });
    setTimeout(() => abort.abort(new Error("stop now")), 100);
    await expect(fetching).rejects.toThrow("stop now");
  });
});

describe("a private chart", () => {
  let world: ChartWorld;
  let repository: InfrastructureRepository;
  let server: GitHttp;
  beforeAll(async () => {
    world = await createChartWorld();
    repository = await createInfrastructureRepository(world.dir);
    server = await startGitHttp(world.dir, "user:canary-p@ss");
  });
  afterAll(async () => {
    await server.close();
    await world.close();
  });
  const source = (login = "") => `${server.url.replace("//", `//${login}`)}/infrastructure.git`;

  it("is fetched with the login of the URL, or with a token file", async () => {
    const commit = await repository.head();
    expect(await world.fetch(source("user:canary-p%40ss@"))).toMatchObject({ commit });
    const tokenFile = path.join(world.dir, "token");
    await writeFile(tokenFile, "canary-p@ss\n");
    expect(await world.fetch(source("user@"), { tokenFile })).toMatchObject({ commit });
    expect(server.logins.length).toBeGreaterThan(0);
  });

  it.each([
    ["without a login", 401, () => source()],
    ["with a wrong login", 401, () => source("user:canary-wrong@")],
    ["elsewhere on the server", 404, () => source("user:canary-p%40ss@").replace("infra", "x")],
  ])("%s is refused, and says what to check", async (_, status, url) => {
    const failure = await world.fetch(url()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ ...outage, status, hint: "check CHART_SOURCE and its login" });
    expect((failure as Error).message).toMatch(/can't be read: /);
    expect(JSON.stringify(failure, ["message", "details"])).not.toContain("canary");
  });

  it("keeps the login from the server of a submodule, also when that one refuses", async () => {
    const other = await startGitHttp(world.dir, "other:login");
    await repository.commit(async (tree) => {
      const modules = `[submodule "nested"]\n\tpath = nested\n\turl = ${other.url}/infrastructure.git\n`;
      await writeFile(path.join(tree, ".gitmodules"), modules);
      await promisify(execFile)("git", ["clone", "--quiet", repository.path, "nested"], { cwd: tree });
    });
    const failure = await world.fetch(source("user:canary-p%40ss@")).catch((error: unknown) => error);
    expect(failure).toMatchObject({ ...outage, status: 401 });
    expect((failure as Error).message).toContain(`submodule ${other.url}/infrastructure.git can't be read`);
    expect(other.requests).toBeGreaterThan(0);
    expect(other.logins).toEqual([]);
    await other.close();
    await expect(world.fetch(source("user:canary-p%40ss@"))).rejects.toMatchObject({
      ...outage,
      status: undefined,
    });
    await repository.commit(async (tree) => {
      await removeFolder(path.join(tree, "nested"));
      await removeFolder(path.join(tree, ".gitmodules"));
    });
  });

  it.each([
    ["the list of its refs", 0],
    ["its commit", 1],
  ])("whose server drips %s for ever is an outage at its total limit, and git is gone", async (_, posts) => {
    const program = await createRecordingProgram(world.dir, 'exec git "$@"');
    server.dripsAfter = posts;
    const began = performance.now();
    const fetching = world.fetch(source("user:canary-p%40ss@"), { gitBin: program.file, totalMs: 1_500 });
    await expect(fetching).rejects.toMatchObject({
      ...outage,
      message: expect.stringContaining("could not fetch the chart within"),
    });
    expect(performance.now() - began).toBeLessThan(10_000);
    server.dripsAfter = Infinity;
    const left = await promisify(execFile)("ps", ["-eo", "args"]);
    expect(left.stdout.split("\n").filter((line) => line.includes(server.url))).toEqual([]);
  });

  it("whose server drips for ever is left when the run is stopped", async () => {
    const abort = new AbortController();
    server.dripsAfter = 1;
    const fetching = world.fetch(source("user:canary-p%40ss@"), { signal: abort.signal });
    setTimeout(() => abort.abort(new Error("stop now")), 1_000);
    await expect(fetching).rejects.toThrow("stop now");
    server.dripsAfter = Infinity;
  });

  it("may have moved, to a place with letters that are no ASCII", async () => {
    await symlink(".", path.join(world.dir, "größe"));
    const open = await startGitHttp(world.dir);
    const moved = createServer(({ url = "" }, response) => {
      const location = Buffer.from(`${open.url}/größe${url}`).toString("latin1");
      response.writeHead(301, { location }).end();
    });
    await new Promise<void>((resolve) => moved.listen(0, "127.0.0.1", resolve));
    const { port } = moved.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/infrastructure.git`;
    expect(await world.fetch(url)).toMatchObject({ commit: await repository.head() });
    expect(open.requests).toBeGreaterThan(1);
    moved.close();
    await open.close();
  });

  it("behind a server that is down is an outage", async () => {
    server.broken = 503;
    const failure = await world.fetch(source("user:canary-p%40ss@")).catch((error: unknown) => error);
    expect(failure).toMatchObject({ ...outage, status: 503, hint: undefined });
    expect(JSON.stringify(failure, ["message", "details"])).not.toContain("canary");
    server.broken = undefined;
  });

  it("keeps the login from the arguments and the environment of git and of everything below it", async () => {
    const program = await createRecordingProgram(world.dir, 'exec git "$@"');
    await world.fetch(source("user:canary-p%40ss@"), { gitBin: program.file });
    const calls = await program.calls();
    expect(calls.length).toBeGreaterThan(3);
    expect(JSON.stringify(calls)).not.toContain("canary");
    const login = path.join(world.dir, "work/git/.git-credentials");
    expect(await readFile(login, "utf8")).toContain("canary-p%40ss");
    expect((await stat(login)).mode & 0o777).toBe(0o600);
    const config = path.join(world.dir, "work", `chart-${await repository.head()}`, ".git/config");
    expect(await readFile(config, "utf8")).not.toContain("canary");
    expect(calls[0]?.env).toMatchObject({ GIT_TERMINAL_PROMPT: "0", GIT_CONFIG_NOSYSTEM: "1" });
  });

  it("may be reached by ssh, with a key of its own and without questions", async () => {
    const key = path.join(world.dir, "key");
    await mkdir(path.join(world.dir, "work"), { recursive: true });
    await writeFile(key, "canary-key");
    const program = await createRecordingProgram(world.dir, "exit 128");
    await world
      .fetch("ssh://git@127.0.0.1:9/a", { gitBin: program.file, sshKeyFile: key })
      .catch(() => undefined);
    const call = (await program.calls()).at(-1);
    expect(call?.env["GIT_SSH_COMMAND"]).toMatch(/BatchMode=yes.* -i '.*ssh-key'/);
    expect(JSON.stringify(call)).not.toContain("canary-key");
    // A server that listens, and on which git fails all the same.
    const ssh = `ssh://git@${new URL(server.url).host}/a`;
    await expect(world.fetch(ssh, { gitBin: program.file })).rejects.toMatchObject({
      ...outage,
      status: 403,
    });
    expect(await world.problemOf("git@host:a", { sshKeyFile: "/nowhere" })).toContain("GIT_SSH_KEY_FILE");
    expect(await world.problemOf(source(), { tokenFile: "/nowhere" })).toContain("GIT_TOKEN_FILE");
  });
});
