/** A login goes to the server that it was given for, and to no other: real git and helm, servers that write down what comes. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRedactor } from "../../../../src/redaction.ts";
import { findCanaries } from "../../../fixtures/secrets.ts";
import {
  createInfrastructureRepository,
  type InfrastructureRepository,
} from "../../../sandbox/git-repository.ts";
import { requireBinaries } from "../../../tools/binaries.ts";
import { startGitHttp, type GitHttp } from "../../../tools/git-http.ts";
import { startOciRegistry, type OciRegistry } from "../../../tools/oci-registry.ts";
import { createRecordingProgram } from "../../../tools/recording-program.ts";
import { removeFolder } from "../../../tools/remove-folder.ts";
import { createChartWorld, type ChartWorld } from "./chart-world.ts";

interface Bystander {
  url: string;
  /** Everything that came: path, query and headers. */
  got: string[];
  close(): Promise<void>;
}

/** A server that nothing was meant for, or one before another. */
async function startBystander(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Bystander> {
  const server = createServer((request, response) => {
    bystander.got.push(JSON.stringify([request.url, request.rawHeaders]));
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bystander: Bystander = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got: [],
    close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
  return bystander;
}

const asksForLogin = (_: IncomingMessage, response: ServerResponse) =>
  void response.writeHead(401, { "www-authenticate": 'Basic realm="elsewhere"' }).end();
const loginsIn = (got: readonly string[]) => got.filter((request) => /authorization/i.test(request));

describe("git", () => {
  const login = "bot:canary-p%40ss";
  const asBasic = `Basic ${Buffer.from("bot:canary-p@ss").toString("base64")}`;
  let world: ChartWorld;
  let repository: InfrastructureRepository;
  let origin: GitHttp;
  let other: Bystander;
  beforeAll(async () => {
    world = await createChartWorld();
    repository = await createInfrastructureRepository(world.dir);
    origin = await startGitHttp(world.dir, "bot:canary-p@ss");
    other = await startBystander(asksForLogin);
  });
  afterAll(async () => {
    await origin.close();
    await other.close();
    await world.close();
  });
  const source = (url = origin.url) => `${url.replace("//", `//${login}@`)}/infrastructure.git`;

  it("takes the login to its origin, whose redirects to another port get none", async () => {
    expect(await world.fetch(source())).toMatchObject({ commit: await repository.head() });
    expect(origin.logins).toContain(asBasic);
    origin.redirect = other.url;
    for (const when of ["before-login", "after-login"] as const) {
      origin.redirects = when;
      await expect(world.fetch(source()), when).rejects.toMatchObject({ code: "OUTAGE" });
    }
    origin.redirect = undefined;
    expect(other.got.length).toBeGreaterThan(1);
    expect(loginsIn(other.got)).toEqual([]);
  });

  it.each(["127.0.0.1", "localhost"])("takes no login to a submodule on another port of %s", async (host) => {
    other.got.length = 0;
    const url = `${other.url.replace("127.0.0.1", host)}/infrastructure.git`;
    await withSubmodule(url, async () => {
      await expect(world.fetch(source())).rejects.toMatchObject({ code: "OUTAGE" });
    });
    expect(other.got.length).toBeGreaterThan(0);
    expect(loginsIn(other.got)).toEqual([]);
  });

  it("asks nobody beside git: every login that the origin got came from git", async () => {
    const agents: string[] = [];
    const spy = await startBystander((request, response) => {
      agents.push(request.headers["user-agent"] ?? "");
      asksForLogin(request, response);
    });
    const failure = await world.fetch(source(spy.url)).catch((error: unknown) => error);
    await spy.close();
    expect(failure).toMatchObject({ status: 401, hint: "check CHART_SOURCE and its login" });
    expect(loginsIn(spy.got).length).toBeGreaterThan(0);
    expect(agents.filter((agent) => !agent.startsWith("git/"))).toEqual([]);
  });

  it.each([
    "https://bot:canary@127.0.0.1:9/a.git",
    "https://canary@127.0.0.1:9/a.git",
    "https://127.0.0.1:9/a.git?private_token=canary",
  ])("is not started on a submodule with a login in its URL: %s", async (url) => {
    const program = await createRecordingProgram(world.dir, 'exec git "$@"');
    await withSubmodule(url, async () => {
      const problem = await world.problemOf(source(), { gitBin: program.file });
      expect(problem).toMatch(
        /^CHART_SOURCE: has a login in the URL of its submodule .*127.0.0.1:9.*; remove it/,
      );
      expect(findCanaries(problem)).toEqual([]);
    });
    expect(findCanaries(JSON.stringify(await program.calls()))).toEqual([]);
  });

  it("hides the login of a token file from then on, and its successor", async () => {
    const redactor = createRedactor();
    const tokenFile = path.join(world.dir, "token");
    for (const token of ["canary-first", "canary-second"]) {
      await writeFile(tokenFile, `${token}\n`);
      await world.fetch(source(), { tokenFile, redactor }).catch(() => undefined);
    }
    expect(redactor.redact("canary-first, canary-second")).toBe("***, ***");
  });

  async function withSubmodule(url: string, work: () => Promise<void>): Promise<void> {
    await repository.commit(async (tree) => {
      const modules = `[submodule "nested"]\n\tpath = nested\n\turl = ${url}\n`;
      await writeFile(path.join(tree, ".gitmodules"), modules);
      await promisify(execFile)("git", ["clone", "--quiet", repository.path, "nested"], { cwd: tree });
    });
    try {
      await work();
    } finally {
      await repository.commit(async (tree) => {
        await removeFolder(path.join(tree, "nested"));
        await removeFolder(path.join(tree, ".gitmodules"));
      });
    }
  }
});

describe("helm", () => {
  let world: ChartWorld;
  let registry: OciRegistry;
  let reference: string;
  beforeAll(async () => {
    world = await createChartWorld();
    const { helm } = await requireBinaries();
    const chart = path.resolve(import.meta.dirname, "../../../fixtures/infrastructure/powo");
    await promisify(execFile)(helm, ["package", chart, "-d", world.dir]);
    const bytes = await readFile(path.join(world.dir, "powo-0.1.0.tgz"));
    registry = await startOciRegistry("powo", "0.1.0", bytes, "bot:canary-p@ss");
    reference = `oci://bot:canary-p%40ss@${registry.host}/charts/powo`;
  });
  afterAll(async () => {
    await registry.close();
    await world.close();
  });

  it("takes the login of an oci:// reference to its registry, and neither its arguments nor its environment hold it", async () => {
    const { helm } = await requireBinaries();
    const program = await createRecordingProgram(world.dir, `exec '${helm}' "$@"`);
    expect(await world.fetch(reference, { helmBin: program.file })).toMatchObject({ name: "powo" });
    expect(registry.logins).toContain(`Basic ${Buffer.from("bot:canary-p@ss").toString("base64")}`);
    const calls = await program.calls();
    expect(calls.length).toBeGreaterThan(0);
    expect(findCanaries(JSON.stringify(calls))).toEqual([]);
  });

  it("with a wrong login is refused, and what is said of it shows none", async () => {
    const failure = await world.fetch(reference.replace("p%40ss", "wrong")).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "OUTAGE", status: 404 });
    expect(findCanaries(JSON.stringify(failure, Object.getOwnPropertyNames(failure)))).toEqual([]);
  });

  it.each(["127.0.0.1", "localhost"])(
    "takes no login to another port of %s that the registry sends it to",
    async (host) => {
      const other = await startBystander((_, response) => void response.writeHead(404).end());
      registry.redirect = other.url.replace("127.0.0.1", host);
      await expect(world.fetch(reference)).rejects.toMatchObject({ code: "OUTAGE" });
      registry.redirect = undefined;
      await other.close();
      expect(other.got.length).toBeGreaterThan(0);
      expect(loginsIn(other.got)).toEqual([]);
    },
  );
});
