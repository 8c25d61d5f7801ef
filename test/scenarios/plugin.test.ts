/** The plugin as it is typed, with the real kubectl and the builder's chart; the pods of its Jobs run the program. */
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { generateDataConfiguration } from "../fixtures/data-configuration.ts";
import { startEmbeddedWorld, type EmbeddedWorld } from "../sandbox/embedded-world.ts";
import { installBuilder, type InstalledBuilder } from "../sandbox/world/installed-builder.ts";

let world: EmbeddedWorld;
let builder: InstalledBuilder;
beforeAll(async () => {
  const data = generateDataConfiguration({ organisations: 4, jobs: 9, listed: 8 });
  // Jobs of a second: slow enough for a test to get between them.
  world = await startEmbeddedWorld({ data, timerMs: 100, jobMs: 500 });
  // As slow as a kubelet that looks at its containers every second.
  world.kubernetes!.containers.lagMs = 1_000;
  builder = await installBuilder(world);
});
afterAll(() => world.stop());

const options = () => ({ env: builder.env, extendEnv: false, reject: false }) as const;
const type = (...words: string[]) => execa("kubectl", ["powo", ...words], options());
const jobs = () => world.kubernetes!.store.list("Job", world.builderNamespace);
const names = () => jobs().map(({ metadata }) => metadata.name);
const last = () => builder.containers.at(-1)!;
/** The current namespace is another. */
const found = () => `the builder is in namespace ${world.builderNamespace}`;
/** What the last pod printed. */
const printed = () => last().log.lines.map(({ text }) => text);

describe("a verb", () => {
  test.each<[string, string[], number, RegExp]>([
    ["done", ["status"], 0, /^live +prod-j8x91 .*\nrun +none yet$/],
    ["done, with arguments", ["status", "-o", "json"], 0, /^\{[^]*"live"[^]*\}$/],
    ["a mistake in what was typed", ["plan", "--no-such-flag"], 2, /--no-such-flag/],
    ["refused", ["approve", "--by", 'Ada "the Gardener"'], 3, /./],
  ])("%s: its log, its exit code, and nothing left behind", async (_, words, code, said) => {
    const { exitCode, stdout, stderr } = await type(...words);
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: code,
      stdout: expect.stringMatching(said),
      stderr: found(),
    });
    expect(last()).toMatchObject({ args: words, exitCode: code });
    expect(stdout.split("\n")).toEqual(printed());
    expect(names()).toEqual([]);
  });
});

describe("a run", () => {
  test("goes on in the next pod, and when the operator has gone", async () => {
    const terminal = execa("kubectl", ["powo", "run"], { ...options(), detached: true });
    const first = await world.until("a pod", () => builder.containers.find(({ args }) => args.length === 0));
    await world.until("the harvest", () => first.log.lines.some(({ text }) => / 1 of 8 /.test(text)));
    first.kill("SIGKILL");
    let shown = "";
    terminal.stdout.on("data", (text) => (shown += String(text)));
    await world.until("the next pod's log", () => / goes on \(builder 2;/.test(shown));

    // A terminal tells Ctrl-C to all of its programs, kubectl among them.
    process.kill(-terminal.pid!, "SIGINT");
    const [job = ""] = names();
    const follow = `kubectl powo logs -f ${job} -n ${world.builderNamespace}`;
    const { exitCode, stderr } = await terminal;
    expect({ exitCode, stderr }).toEqual({
      exitCode: 130,
      stderr: `${found()}\n\nJob ${job} goes on. To follow it:  ${follow}`,
    });
    expect(last().exitCode).toBeUndefined();

    const follower = await execa("kubectl", follow.split(" ").slice(1), options());
    expect(follower).toMatchObject({ exitCode: 0, stderr: "" });
    expect(follower.stdout.split("\n")).toEqual(
      [first, last()].flatMap(({ log }) => log.lines.map(({ text }) => text)),
    );
    expect([first.exitCode, last().exitCode]).toEqual([137, 0]);
    expect(jobs()[0]?.status).toMatchObject({ succeeded: 1, failed: 1 });
    expect(await world.live()).toMatch(/^prod-(?!j8x91)/);
  });
});
