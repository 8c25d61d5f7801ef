/** The built program as people start it: by itself, on this Node, and on an older one if the machine has it. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { removeFolder } from "../tools/remove-folder.ts";

const root = path.join(import.meta.dirname, "..", "..");
const place = mkdtempSync(path.join(tmpdir(), "powo-launcher-"));
const program = path.join(place, "dist", "powo-builder.js");

/** A Node of the machine that is too old to run the bundle itself; npm puts the project's own first in PATH. */
const oldNode = (process.env["PATH"] ?? "")
  .split(":")
  .map((folder) => path.join(folder, "node"))
  .find((node) => {
    const { error, stdout } = spawnSync(node, ["-v"], { encoding: "utf8" });
    return !error && /^v2[0-3]\./.test(stdout);
  });

beforeAll(() => {
  symlinkSync(path.join(root, "node_modules"), path.join(place, "node_modules"));
  execFileSync(process.execPath, [path.join(root, "scripts", "build.ts"), path.join(place, "dist")]);
});
afterAll(() => removeFolder(place));

const starts: [how: string, command: string[]][] = [
  ["by itself", [program]],
  ["through a link", [path.join(place, "link")]],
  ["on this Node", [process.execPath, program]],
  ...(oldNode ? ([["on an old Node", [oldNode, program]]] as [string, string[]][]) : []),
];
beforeAll(() => {
  symlinkSync(program, path.join(place, "link"));
});

describe.each(starts)("started %s", (_, [command = "", ...before]) => {
  const run = (...args: string[]) => spawnSync(command, [...before, ...args], { encoding: "utf8" });

  it("shows help and version", () => {
    expect(run("--help")).toMatchObject({ status: 0, stderr: "" });
    const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
      version: string;
    };
    expect(run("--version")).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("passes the exit code on", () => {
    expect(run("frobnicate")).toMatchObject({ status: 2, stdout: "" });
  });
});

describe("SIGUSR1", () => {
  /** The image's own command, on this machine's paths. */
  const ofTheImage = (): [command: string, ...args: string[]] => {
    const lines = readFileSync(path.join(root, "Dockerfile"), "utf8").match(/'exec node[^']*'/g) ?? [];
    expect(lines).toHaveLength(1);
    const line = lines[0]!.slice(1, -1).replace("exec node ", `exec ${process.execPath} `);
    return ["sh", "-c", line.replace("/opt/powo-builder/main.js", path.join(place, "dist/main.js")), "sh"];
  };
  const ways: [how: string, command: () => string[]][] = [
    ...starts.map(([how, command]): [string, () => string[]] => [`started ${how}`, () => command]),
    ["started as the image does", ofTheImage],
  ];

  it.each(ways)("opens no inspector and ends nothing, %s", async (_, commandOf) => {
    const [command = "", ...before] = commandOf();
    const port = await freePort();
    // Nobody answers there: the program asks again for RETRY_TIMEOUT.
    const kubeconfig = path.join(place, "kubeconfig");
    writeFileSync(kubeconfig, JSON.stringify(clusterAt(`http://127.0.0.1:${await freePort()}`)));
    const env = {
      PATH: process.env["PATH"],
      ...{ ENVIRONMENT: "prod", KUBECONFIG: kubeconfig, NODE_OPTIONS: `--inspect-port=${port}` },
    };
    const program = spawn(command, [...before, "history"], { env, stdio: ["ignore", "pipe", "pipe"] });
    const ended = end(program);
    let said = "";
    for (const stream of [program.stdout, program.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (said += text));
    try {
      await until(() => said.includes("trying again"));
      process.kill(program.pid!, "SIGUSR1");
      for (let looks = 0; looks < 20; looks += 1) {
        await delay(50);
        expect(await listens(port)).toBe(false);
      }
      expect(said).not.toContain("Debugger");
      expect(program).toMatchObject({ exitCode: null, signalCode: null });
      program.kill("SIGTERM");
      expect(await ended).toEqual([75, null]);
    } finally {
      program.kill("SIGKILL");
    }
  });
});

const clusterAt = (server: string) => ({
  clusters: [{ name: "c", cluster: { server } }],
  users: [{ name: "u", user: { token: "t" } }],
  contexts: [{ name: "x", context: { cluster: "c", user: "u", namespace: "builder" } }],
  "current-context": "x",
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  return once(socket, "connect").then(
    () => (socket.destroy(), true),
    () => false,
  );
}

/** A bundle that tells its process id, then what happens to it. */
const standIn = `
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"])
    process.on(signal, () => { process.stdout.write(signal + "\\n"); process.exit(75); });
  process.stdout.write(process.pid + "\\n");
  if (process.env.POWO_LAUNCHED) process.stdout.write("told the program\\n");
  if (process.argv[2] === "killed") process.kill(process.pid, "SIGKILL");
  setInterval(() => {}, 1000);
`;

describe.runIf(oldNode)("on an old Node", () => {
  const folder = path.join(place, "stand-in");
  const launcher = path.join(folder, "powo-builder.js");
  beforeAll(() => {
    mkdirSync(folder);
    writeFileSync(path.join(place, "package.json"), '{ "type": "module" }');
    writeFileSync(launcher, readFileSync(path.join(root, "scripts", "launcher.js")));
    writeFileSync(path.join(folder, "main.js"), standIn);
  });

  it("says what is needed where the project's own Node is not there", () => {
    const bare = path.join(place, "bare", "dist");
    mkdirSync(bare, { recursive: true });
    writeFileSync(path.join(place, "bare", "package.json"), '{ "type": "module" }');
    writeFileSync(path.join(bare, "powo-builder.js"), readFileSync(launcher), { mode: 0o755 });
    const told =
      /^powo-builder needs Node 24 or newer, this is v2[0-3]\.\S+; install one, or run npm ci in its folder\n$/;
    const program = path.join(bare, "powo-builder.js");
    for (const [command, args] of [[oldNode ?? "", [program]] as const, [program, []] as const]) {
      const env = { ...process.env, PATH: `${path.dirname(oldNode ?? "")}:/usr/bin:/bin` };
      const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", env });
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr).toMatch(told);
    }
  });

  /** Starts the launcher; resolves once the program behind it has told its process id. */
  async function start(...args: string[]) {
    const parent = spawn(oldNode ?? "", [launcher, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    parent.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    await until(() => /\d+\n/.test(said));
    return { parent, pid: Number(/\d+/.exec(said)?.[0]), said: () => said };
  }

  it.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("%s reaches the program once", async (signal) => {
    const { parent, pid, said } = await start();
    const ended = end(parent);
    parent.kill(signal);
    expect(await ended).toEqual([75, null]);
    expect(said()).toBe(`${pid}\n${signal}\n`);
  });

  it("a program that is killed takes the launcher along", async () => {
    const parent = spawn(oldNode ?? "", [launcher, "killed"], { stdio: "ignore" });
    expect(await end(parent)).toEqual([null, "SIGKILL"]);
  });

  it("a launcher that is killed leaves no program behind", async () => {
    const { parent, pid } = await start();
    expect(alive(pid)).toBe(true);
    parent.kill("SIGKILL");
    await until(() => !alive(pid));
  });
});

function end(child: ChildProcess): Promise<[code: number | null, signal: string | null]> {
  return new Promise((resolve) => child.once("close", (code, signal) => resolve([code, signal])));
}

/** A zombie, waiting for a parent that never asks, has ended all the same. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("did not happen within 20s");
    await delay(20);
  }
}
