/**
 * Every secret that the program is given holds the word `canary`. It is looked for, in every spelling, wherever the
 * program leaves words: logs at trace level, the cluster, arguments and environment of helm and git, pages, errors.
 */
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findCanaries } from "../fixtures/secrets.ts";
import { startEmbeddedWorld, type EmbeddedWorld } from "../sandbox/embedded-world.ts";
import type { BuilderProcess } from "../sandbox/world/builder-process.ts";
import { startGitHttp, type GitHttp } from "../tools/git-http.ts";
import { createRecordingProgram, type RecordingProgram } from "../tools/recording-program.ts";
import { quick } from "./program/bench.ts";

let world: EmbeddedWorld;
let git: GitHttp;
let recorders: RecordingProgram[];
let settings: Record<string, string>;
const gitLogin = "bot:canary-git p@ss/%";

beforeAll(async () => {
  world = await startEmbeddedWorld(quick());
  git = await startGitHttp(world.dir, gitLogin);
  const inDir = (name: string) => path.join(world.dir, name);
  await mkdir(inDir("bin"));
  await mkdir(inDir("helm-bin"));
  const helm = await createRecordingProgram(
    inDir("helm-bin"),
    `exec '${world.env()["HELM_BIN"] ?? ""}' "$@"`,
  );
  const gitProgram = await createRecordingProgram(
    inDir("bin"),
    `PATH='${process.env["PATH"] ?? ""}' exec git "$@"`,
  );
  await writeFile(inDir("bin/git"), `#!/bin/sh\nexec '${gitProgram.file}' "$@"\n`);
  await chmod(inDir("bin/git"), 0o755);
  recorders = [helm, gitProgram];
  const key = { type: "service_account", client_email: "bot@example", private_key_id: "canary-key-id" };
  await writeFile(
    inDir("key.json"),
    JSON.stringify({ ...key, private_key: "-----BEGIN PRIVATE KEY-----\ncanary-google\n" }),
  );
  await writeFile(inDir("ssh-key"), "canary-ssh-key");
  await writeFile(inDir("kubeconfig-secret"), kubeconfig(await readFile(world.kubeconfig, "utf8")), {
    mode: 0o600,
  });
  settings = {
    LOG_LEVEL: "trace",
    PATH: `${inDir("bin")}:${process.env["PATH"] ?? ""}`,
    HELM_BIN: helm.file,
    KUBECONFIG: inDir("kubeconfig-secret"),
    CHART_SOURCE: `${withLogin(git.url, gitLogin)}/infrastructure.git`,
    DATA_CONFIG_PATH: `${withLogin(world.dataUrl, "reader:canary-data p@ss")}?sig=canary-signature`,
    GIT_SSH_KEY_FILE: inDir("ssh-key"),
    GOOGLE_APPLICATION_CREDENTIALS: inDir("key.json"),
    // Nothing is served there: the failure is logged.
    NOTIFY_WEBHOOK_URL: world.files.urlOf("hooks/canary-hook?token=canary-hook-token"),
  };
});
afterAll(async () => {
  await git.close();
  await world.stop();
});

function kubeconfig(text: string): string {
  return text.replace('"token": "sandbox"', '"token": "canary-kubernetes-token"');
}

function withLogin(url: string, login: string): string {
  const [user = "", ...rest] = login.split(":");
  return url.replace("//", `//${user}:${encodeURIComponent(rest.join(":"))}@`);
}

async function play(
  verb: string | readonly string[],
  more: Record<string, string> = {},
): Promise<BuilderProcess> {
  const builder = world.startBuilder(verb, { ...settings, ...more });
  await builder.exit;
  expect(findCanaries(builder.output()), String(verb)).toEqual([]);
  return builder;
}

/** All that is in the cluster but Secrets, with what is packed in ConfigMaps; the program's files that stay. */
async function leftBehind(
  kinds = ["ConfigMap", "Event", "Lease", "Namespace", "Job", "Pod", "Deployment", "Service"],
): Promise<string> {
  const { store } = world.kubernetes!;
  const objects = kinds.flatMap((kind) => store.list(kind));
  const packed = objects.flatMap(({ binaryData }) =>
    Object.values((binaryData ?? {}) as Record<string, string>),
  );
  const unpacked = packed.map((text) => brotliDecompressSync(Buffer.from(text, "base64")).toString("utf8"));
  const termination = await readFile(path.join(world.dir, "termination-log"), "utf8");
  return [JSON.stringify(objects), ...unpacked, termination].join("\n");
}

describe("a secret", () => {
  it("is nowhere to be seen after a rebuild at trace level, in either form of the log", async () => {
    const first = await play("run");
    expect(await first.exit, first.output()).toBe(0);
    expect(first.output()).toContain("the webhook did not accept the notification");
    const second = await play("run", { LOG_FORMAT: "json", RETAIN_PREVIOUS: "1h" });
    expect(await second.exit, second.output()).toBe(0);
    expect(findCanaries(await leftBehind())).toEqual([]);
    expect(git.logins).toContain(`Basic ${Buffer.from(gitLogin).toString("base64")}`);
  });

  it.each([
    ...[
      "validate",
      "validate -o json",
      "plan",
      "plan -o json",
      "status -o json",
      "history -o json",
      "report",
    ],
    ...["report -o json", "update", "approve", "cleanup -o json", "rollback", "abort"],
  ])("is in nothing that %s prints", async (line) => {
    const builder = await play(line.split(" "));
    expect([0, 3], builder.output()).toContain(await builder.exit);
    expect(findCanaries(await leftBehind())).toEqual([]);
  });

  it("in a token file lets git in, or is not told of where it does not", async () => {
    const [user = "", token = ""] = gitLogin.split(":");
    const source = `${git.url.replace("//", `//${user}@`)}/infrastructure.git`;
    for (const [content, code] of [
      [token, 0],
      ["canary-wrong-token", 2],
    ] as const) {
      const file = path.join(world.dir, "git-token");
      await writeFile(file, `${content}\n`);
      const builder = await play("validate", { CHART_SOURCE: source, GIT_TOKEN_FILE: file });
      expect(await builder.exit, builder.output()).toBe(code);
    }
  });

  it("is in no argument and no environment of helm and git", async () => {
    const [helm = [], gitCalls = []] = await Promise.all(recorders.map((recorder) => recorder.calls()));
    expect(helm.length).toBeGreaterThan(10);
    expect(gitCalls.length).toBeGreaterThan(10);
    expect(findCanaries(JSON.stringify([helm, gitCalls]))).toEqual([]);
  });

  it("of a failed build is in nothing that is told of it, though its pods say it aloud", async () => {
    const { repository, simulate, kubernetes, builderNamespace } = world;
    const sites = (folder: string) => path.join(folder, "powo/templates/sites.yaml");
    const aloud =
      '      annotations:\n        simulation.powo.kew.org/logs: {{ printf "no way in with %s\\n" $.Values.password.db | quote }}\n';
    let quiet = "";
    await repository.commit(async (folder) => {
      quiet = await readFile(sites(folder), "utf8");
      await writeFile(sites(folder), quiet.replace(/(template:\n    metadata:\n)/, `$1${aloud}`));
    });
    await simulate({ portal: "prod-*/portal never-ready" });
    const builder = await play("run", { PODS_TIMEOUT: "6s" });
    await simulate({ portal: null });
    await repository.commit((folder) => writeFile(sites(folder), quiet));
    expect(await builder.exit, builder.output()).toBe(1);
    expect(builder.output()).toContain("no way in with ***");
    const [state] = kubernetes!.store
      .list("ConfigMap", builderNamespace)
      .filter(({ data }) => data?.["run.json"]);
    expect(JSON.stringify(state)).toContain("no way in with ***");
    expect(findCanaries(JSON.stringify(state))).toEqual([]);
    for (const argv of [["status"], ["history"], ["report"], ["cleanup"], ["report", "-o", "json"]])
      await play(argv);
    expect(findCanaries(await leftBehind(["ConfigMap", "Event", "Lease", "Namespace"]))).toEqual([]);
  });
});

describe("the files of a builder", () => {
  const folders = async () =>
    (await readdir(path.join(world.dir, "tmp"))).filter((name) => name.startsWith("powo-builder-"));

  it("are gone when it has ended", async () => {
    await play("validate");
    expect(await folders()).toEqual([]);
  });

  it("are its own alone, and go with the next builder when it was killed", async () => {
    const slow = path.join(world.dir, "slow");
    await mkdir(slow);
    await writeFile(path.join(slow, "git"), `#!/bin/sh\ntouch '${slow}/began'\nexec sleep 20\n`);
    await chmod(path.join(slow, "git"), 0o755);
    const builder = world.startBuilder("run", { ...settings, PATH: `${slow}:${settings["PATH"] ?? ""}` });
    await world.until("git", () =>
      stat(path.join(slow, "began")).then(
        () => true,
        () => false,
      ),
    );
    builder.kill();
    await builder.exit;
    const [folder = ""] = await folders();
    const inside = (name: string) => path.join(world.dir, "tmp", folder, name);
    for (const name of ["git/ssh-key", "git/.git-credentials"])
      expect((await stat(inside(name))).mode & 0o777).toBe(0o600);
    expect((await stat(inside(""))).mode & 0o777).toBe(0o700);
    await play("validate");
    expect(await folders()).toEqual([]);
  });
});
