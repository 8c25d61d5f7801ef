/** Pods whose containers are programs: what they find, what is kept of them, and how they end. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startKubernetes, type SandboxCluster } from "../../sandbox/kubernetes/index.ts";
import { removeFolder } from "../../tools/remove-folder.ts";

let cluster: SandboxCluster;
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "powo-containers-"));
  cluster = await startKubernetes({ dir, seed: 1 });
  cluster.containers.images.set("script:1", {
    command: ["/bin/sh", "-c"],
    env: { PATH: "/usr/bin:/bin" },
    paths: { MESSAGE: "/dev/termination-log", ABSENT: "/no/such/file" },
  });
  await post("secrets", {
    metadata: { name: "secret" },
    data: { key: Buffer.from("hidden").toString("base64") },
  });
  await post("configmaps", { metadata: { name: "config" }, data: { "a.txt": "A", "b.txt": "B" } });
});
afterAll(async () => {
  await cluster.stop();
  await removeFolder(dir);
});

async function post(plural: string, body: object): Promise<void> {
  const url = `${cluster.url}/api/v1/namespaces/default/${plural}`;
  expect((await fetch(url, { method: "POST", body: JSON.stringify(body) })).status).toBe(201);
}
const pod = (name: string) => cluster.store.get("Pod", "default", name);
const url = (name: string) => `${cluster.url}/api/v1/namespaces/default/pods/${name}`;
const log = async (name: string, query = "") => (await fetch(`${url(name)}/log?${query}`)).text();

async function start(name: string, script: string, container: object = {}, spec: object = {}): Promise<void> {
  const containers = [{ name: "script", image: "script:1", args: [script], ...container }];
  await post("pods", {
    metadata: { name, labels: { "x.test/y": "z" } },
    spec: { restartPolicy: "Never", containers, ...spec },
  });
}
async function endOf(name: string) {
  await expect.poll(() => pod(name)?.status.phase, { timeout: 20_000 }).toMatch(/Succeeded|Failed/);
  return pod(name)!.status.containerStatuses[0].state.terminated;
}

describe("a container with a program", () => {
  test("finds its environment and the files of its volumes", async () => {
    const env = [
      { name: "PLAIN", value: "text" },
      { name: "OF_SECRET", valueFrom: { secretKeyRef: { name: "secret", key: "key" } } },
      { name: "OF_LABEL", valueFrom: { fieldRef: { fieldPath: "metadata.labels['x.test/y']" } } },
      { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "FILE", value: "/config/renamed.txt" },
    ];
    const items = [{ key: "a.txt", path: "renamed.txt" }];
    const volumes = [{ name: "files", projected: { sources: [{ configMap: { name: "config", items } }] } }];
    const volumeMounts = [{ name: "files", mountPath: "/config" }];
    const script =
      'echo "$PLAIN $OF_SECRET $OF_LABEL $POD $B_TXT ${ABSENT-none}"; cat "$FILE"; ls "${FILE%/*}"';
    const envFrom = [{ configMapRef: { name: "config" } }];
    await start("finds", script, { env, envFrom, volumeMounts }, { volumes });
    expect(await endOf("finds")).toMatchObject({ exitCode: 0, reason: "Completed" });
    expect(await log("finds")).toBe("text hidden z finds  none\nArenamed.txt\n");
  });

  test.each([
    ["what it wrote", 'echo failed; printf done > "$MESSAGE"; exit 3', "done"],
    ["the end of its log where it wrote nothing", "echo first; echo last; exit 3", "first\nlast\n"],
  ])("leaves its exit code, and %s", async (_, script, message) => {
    const name = message.length > 5 ? "last-words" : "message";
    await start(name, script, { terminationMessagePolicy: "FallbackToLogsOnError" });
    expect(await endOf(name)).toMatchObject({ exitCode: 3, reason: "Error", message });
    expect(pod(name)?.status.phase).toBe("Failed");
  });

  test("is followed until it ends", async () => {
    await start("followed", "echo one; sleep 60");
    await expect.poll(() => pod("followed")?.status.phase, { timeout: 20_000 }).toBe("Running");
    const followed = log("followed", "follow=true");
    await expect.poll(() => log("followed", "tailLines=1")).toBe("one\n");
    cluster.containers.all.find(({ pod: name }) => name === "followed")?.kill("SIGKILL");
    expect(await followed).toBe("one\n");
    expect(await endOf("followed")).toMatchObject({ exitCode: 137 });
    expect(await log("followed", "timestamps=true")).toMatch(/^\d{4}-\d\d-\d\dT\S+Z one\n$/);
  });

  test.each([
    ["is asked to end when its pod is deleted", "trap 'echo bye; exit 75' TERM", 30, 75],
    ["is ended when it does not listen", "trap '' TERM", 1, 137],
  ])("%s", async (what, trap, terminationGracePeriodSeconds, code) => {
    const name = `ends-${code}`;
    await start(
      name,
      `${trap}; echo up; while :; do sleep 0.05; done`,
      {},
      { terminationGracePeriodSeconds },
    );
    await expect.poll(() => cluster.containers.all.find(({ pod }) => pod === name)?.log.lines.length).toBe(1);
    await fetch(url(name), { method: "DELETE" });
    await expect.poll(() => pod(name), { timeout: 20_000 }).toBeUndefined();
    expect(
      cluster.containers.all.find(({ pod }) => pod === name),
      what,
    ).toMatchObject({ exitCode: code });
  });
});
