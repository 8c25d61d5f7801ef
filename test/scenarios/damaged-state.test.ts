/** What is kept damaged by hand: every verb that needs it refuses, says the way out, and leaves it as it is. */
import { brotliCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { abortRun } from "../../src/operate/abort-run.ts";
import { findReport } from "../../src/operate/history.ts";
import { readStatus } from "../../src/operate/status.ts";
import { createFakeWorld } from "../fakes/world.ts";
import { startEmbeddedWorld, type EmbeddedWorld } from "../sandbox/embedded-world.ts";
import type { KubeObject } from "../sandbox/kubernetes/index.ts";
import { inPlace, runVerb, touchable } from "./bad-input/bench.ts";
import { expectSound, storedRun } from "./seen.ts";

type Content = { data?: Record<string, string>; binaryData?: Record<string, string> };

const run = {
  ...{
    schemaVersion: 2,
    runId: "prod-20261122-1200",
    environment: "prod",
    release: "prod-abcde",
    phase: "running",
  },
  ...{ startedAt: "2026-11-22T12:00:00.000Z", builders: [], steps: [] },
};
const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString("base64");
const written = (value: unknown): Content => ({ data: { "run.json": JSON.stringify(value) } });

/** What somebody made of it, and what is said. */
const damages: readonly [name: string, content: Content, said: string][] = [
  ["not JSON", { data: { "run.json": "{ half" } }, "run.json is not JSON"],
  ["nothing but an empty text", { data: { "run.json": "" } }, "run.json is not JSON"],
  ["a list", written([]), "run.json can't be read"],
  ["null", written(null), "run.json can't be read"],
  ["a newer schema", written({ ...run, schemaVersion: 3 }), "was written by a newer powo-builder"],
  [
    "a damaged list of version 1.0",
    written({ ...run, schemaVersion: 1, known: [], harvest: { "1": null } }),
    "the state that version 1.0 saved can't be read",
  ],
  ["no schema", written({ ...run, schemaVersion: undefined }), "run.json can't be read: schemaVersion"],
  ["a phase that nobody knows", written({ ...run, phase: "paused" }), "run.json can't be read: phase"],
  ["a field of somebody else", written({ ...run, note: "do not touch" }), "run.json can't be read"],
  [
    "a step without a status",
    written({ ...run, steps: [{ name: "preflight" }] }),
    "run.json can't be read: steps.0",
  ],
  ["a history that is none", { data: { "history.json": '{"runs":"many"}' } }, "history.json can't be read"],
  ["a foreign key", { data: { "notes.txt": "hello" } }, "notes.txt"],
  ["a foreign file", { binaryData: { "photo.png": base64("png") } }, "photo.png"],
  ["1 MiB of somebody else's", { data: { "dump.sql": "x".repeat(1_000_000) } }, "dump.sql"],
  ["1 MiB for a run", { data: { "run.json": `"${"x".repeat(1_000_000)}"` } }, "run.json can't be read"],
  [
    "an attachment that is not packed",
    { ...written(run), binaryData: { "jobs.br": base64("plain") } },
    "jobs can't be read",
  ],
  [
    "an attachment cut off",
    {
      ...written(run),
      binaryData: { "timings.br": base64(brotliCompressSync("x".repeat(9_999)).subarray(0, 9)) },
    },
    "timings can't be read",
  ],
  [
    "executions that are none",
    { ...written(run), binaryData: { "jobs.br": base64(brotliCompressSync('["once"]')) } },
    "jobs can't be read: 0",
  ],
];

let world: EmbeddedWorld;
beforeAll(async () => void (world = await startEmbeddedWorld({ withLiveRelease: false })));
afterAll(() => world.stop());

const name = "powo-builder-prod";
const stored = (): KubeObject => world.kubernetes!.store.get("ConfigMap", "builder-prod", name)!;

async function damage(content: Content): Promise<void> {
  await inPlace(world, async ({ file }) => {
    const metadata = { name, namespace: "builder-prod" };
    const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata, ...content };
    await world.kubectl("delete", "configmap", name, "-n", "builder-prod", "--ignore-not-found");
    await world.kubectl("create", "-f", await file("state.json", JSON.stringify(configMap)));
  });
}

describe.each(damages)("a state that holds %s", (_, content, said) => {
  it("is refused by every verb that needs it, with what to type, and never written over", async () => {
    await damage(content);
    const before = [JSON.stringify(stored()), ...touchable(world)];
    for (const verb of [
      "run",
      "plan",
      "status",
      "history",
      "report",
      "approve",
      "abort",
      "rollback",
      "cleanup",
    ]) {
      const { code, stdout, stderr } = await runVerb(world, [verb], {});
      const text = stdout + stderr;
      expect(code, `${verb}: ${text}`).toBe(3);
      expect(text).toContain(said);
      expect(text).toContain("[STATE_UNREADABLE]");
      expect(text).toMatch(
        said.includes("newer")
          ? /use the newer image/
          : /kubectl get configmap powo-builder-prod -n builder-prod -o yaml.* kubectl delete configmap powo-builder-prod -n builder-prod/,
      );
      expect(text).not.toMatch(/^\s+at .+:\d+|this is a bug/m);
    }
    expect([JSON.stringify(stored()), ...touchable(world)]).toEqual(before);
  });
});

it("a state that was deleted, as is said, is as good as none", async () => {
  await world.kubectl("delete", "configmap", name, "-n", "builder-prod", "--ignore-not-found");
  const { code, stdout } = await runVerb(world, ["history"], {});
  expect({ code, stdout }).toEqual({ code: 0, stdout: "no run has ended yet\n" });
});

describe("a pinned data configuration that somebody deleted", () => {
  it("stops its run, which stays as it is, and an abort is the way out", async () => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    fake.when("after", "releases.install", () => first.kill());
    await first.run();
    fake.store.document = undefined;
    const outcome = await fake.builder("builder-2").run();
    expect(outcome).toMatchObject({ code: 3, error: { code: "STATE_DATA" } });
    expect(storedRun(fake)).toMatchObject({ phase: "running" });
    const { world } = fake.builder("status-1");
    const { signal } = new AbortController();
    expect((await readStatus(world, signal)).run?.runId).toBe(storedRun(fake).runId);
    expect((await findReport(world, undefined, signal)).phase).toBe("running");
    expect(await fake.builder("abort-1").run(abortRun)).toEqual({ code: 0 });
    expect(fake.namespaces).toEqual(["prod-old01"]);
    expect(await fake.builder("builder-3").run()).toEqual({ code: 0 });
    expectSound(fake);
  });
});
