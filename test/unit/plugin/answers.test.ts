/** What the plugin makes of kubectl's answers: where the builder is, and the live page. */
import { afterEach, describe, expect, test } from "vitest";
import { startFakeKubectl } from "./fake-kubectl.ts";

let fake: Awaited<ReturnType<typeof startFakeKubectl>>;
afterEach(() => fake.stop());

describe("the builder's namespace", () => {
  const looks = async () =>
    (await fake.calls()).filter((call) => /cronjobs? /.test(call) && !call.includes("ENV"));

  test.each<[string, string, string[], number]>([
    ["is asked for once where it is the current one", "here\n", [], 1],
    ["is asked for once where it is named", "there\n", ["-n", "there"], 1],
    ["is looked for elsewhere where the current one has none, and asked once there", "there\n", [], 3],
  ])("%s", async (_, builders, args, count) => {
    fake = await startFakeKubectl({ builders });
    expect(await fake.type("open", ...args)).toMatchObject({ exitCode: 1 });
    expect(await looks()).toHaveLength(count);
  });

  test.each<[string, Record<string, string>, string[], RegExp, number]>([
    ["none anywhere", { builders: "" }, [], /^no builder in namespace here; name the one/, 2],
    ["several", { builders: "a\nb\n" }, [], /^there are builders in several namespaces: a b; name one/, 2],
    [
      "another",
      { builders: "a\n" },
      ["-n", "b", "8485"],
      /there is one in a: {2}kubectl powo open 8485 -n a$/,
      2,
    ],
    [
      "no right",
      { refused: "get cronjob" },
      ["-n", "b"],
      /^you may not see CronJobs in namespace b; .*operators$/,
      1,
    ],
    [
      "an older chart",
      { builders: "here\na\n", lacks: "builder-update\n" },
      ["update"],
      /^the builder in namespace here has no CronJob builder-update, .*helm upgrade the chart/,
      1,
    ],
  ])("is explained: %s", async (_, files, args, words, count) => {
    fake = await startFakeKubectl(files);
    const { exitCode, stderr } = await fake.type(...(args[0] === "update" ? [] : ["open"]), ...args);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(words) });
    expect(await looks()).toHaveLength(count);
  });

  test("is told where it was looked for, and that only", async () => {
    fake = await startFakeKubectl({ builders: "there\n" });
    expect(await fake.type("update")).toMatchObject({
      exitCode: 0,
      stderr: "the builder is in namespace there",
    });
    expect(await fake.type("update", "-n", "there")).toMatchObject({ exitCode: 0, stderr: "" });
  });

  test.each([
    "getting credentials: exec: executable aws not found",
    "error: You must be logged in to the server (Unauthorized)",
  ])("is not said to be missing where kubectl can't tell: %s", async (words) => {
    fake = await startFakeKubectl({ fails: "get cronjob", words });
    expect(await fake.type("status")).toMatchObject({ exitCode: 75, stderr: expect.stringContaining(words) });
  });
});

describe("a verb", () => {
  test("is a Job, whatever kubectl warns of", async () => {
    fake = await startFakeKubectl({ log: "live prod\n" });
    expect(await fake.type("status")).toMatchObject({ exitCode: 0, stdout: "live prod", stderr: "" });
    expect(JSON.parse((await fake.created()).join("\n"))).toMatchObject({ kind: "Job" });
  });

  test.each([
    ["refused", { refused: "get job " }, 2, /Forbidden.*operators$/],
    ["gone", { fails: "get job ", words: "Error from server (NotFound): no" }, 75, /is gone: somebody/],
  ] as [string, Record<string, string>, number, RegExp][])(
    "says what became of its Job: %s",
    async (_, files, exitCode, words) => {
      fake = await startFakeKubectl(files);
      const ended = await fake.type("status");
      expect(ended).toMatchObject({ exitCode, stderr: expect.stringMatching(words) });
    },
  );
});

describe("a command to copy", () => {
  const reason = ["--accept", "it's photographs moved"];
  const as = ["--context", "my cluster", "--kubeconfig=/k"];
  test.each<[string, Record<string, string>, string[], string]>([
    [
      "words and cluster",
      { builders: "a\n" },
      ["retry", ...reason, "-n", "b", ...as],
      `kubectl powo retry --accept 'it'\\''s photographs moved' -n a --context 'my cluster' --kubeconfig /k`,
    ],
    [
      "the words of logs",
      { builders: "a\n" },
      ["logs", "-f", "run-1", "-n", "b"],
      "kubectl powo logs -f run-1 -n a",
    ],
    [
      "what removes a Job",
      { kept: "yes" },
      ["status", ...as],
      "-n here --context 'my cluster' --kubeconfig /k",
    ],
    [
      "where nothing may be seen",
      { refused: "get cronjob" },
      ["status"],
      "name the builder's:  kubectl powo status -n NAMESPACE",
    ],
  ])("holds %s", async (_, files, args, words) => {
    fake = await startFakeKubectl(files);
    const { stderr } = await fake.type(...args);
    expect(stderr.slice(-words.length)).toBe(words);
  });
});

test("a Job that was being created when Ctrl-C came is named", async () => {
  fake = await startFakeKubectl({ create: "/bin/sleep 1" });
  const typed = fake.type("run");
  await expect.poll(() => fake.created(), { timeout: 10_000 }).not.toEqual([]);
  typed.kill("SIGTERM");
  expect(await typed).toMatchObject({
    exitCode: 143,
    stderr: expect.stringMatching(/Job (run-\S+) may have been created\. .*kubectl powo logs -f \1 -n here$/),
  });
});

describe("kubectl powo open", () => {
  const state = JSON.stringify({
    builders: [
      { name: "pod-1", since: "x" },
      { name: "pod-2", since: "y", job: "j" },
    ],
  });
  const running = { state, "pod-pod-2": "Running||" };
  const url = /^http:\/\/127\.0\.0\.1:(\d+) .*Ctrl-C/m;
  /** Opens the page, lets the pod end with a code once the page is there, and waits for what is said. */
  async function opened(code: string, ...args: string[]) {
    const typed = fake.type("open", ...args);
    await new Promise<void>((resolve) =>
      typed.stderr.on("data", (text) => url.test(String(text)) && resolve()),
    );
    await fake.write("pod-pod-2", `Failed|${code}|`);
    return typed;
  }
  const forwards = async () => (await fake.calls()).filter((call) => call.includes("port-forward"));

  test.each<[string, Record<string, string>, string[], string, string]>([
    ["8484 on both sides", {}, [], "8484", "8484"],
    ["METRICS_PORT in the pod", { port: "9090" }, [], "8484", "9090"],
    ["METRICS_PORT off", { port: "off" }, [], "8484", "8484"],
    ["the port that was named", { taken: "8484\n" }, ["9999"], "9999", "8484"],
    ["any free one where 8484 is taken", { taken: "8484\n" }, [], "45678", "8484"],
  ])("leads to the pod that carries the run: %s", async (_, files, args, local, remote) => {
    fake = await startFakeKubectl({ ...running, ...files });
    const { exitCode, stderr } = await opened("0", ...args, "--no-browser");
    expect(exitCode).toBe(0);
    expect(url.exec(stderr)?.[1]).toBe(local);
    expect((await forwards()).at(-1)).toMatch(new RegExp(`--address 127.0.0.1 pod/pod-2 \\d*:${remote}$`));
    expect(stderr).toMatch(
      /pod pod-2 has ended with exit code 0[^]*kubectl powo report -n here > page.html$/,
    );
    expect(stderr).not.toContain("next pod");
    expect(await fake.browsed()).toEqual([]);
  });

  test("shows it in the browser, whatever that says, and tells where a run goes on", async () => {
    fake = await startFakeKubectl(running);
    const { exitCode, stderr } = await opened("75");
    expect(exitCode).toBe(0);
    expect(stderr).toContain("if the run goes on in the next pod:  kubectl powo open -n here");
    expect(await fake.browsed()).toEqual(["http://127.0.0.1:8484"]);
  });

  test("leads to the verb that is at work on the run once its builder has ended", async () => {
    const files = { "pod-pod-2": "Failed|1|", "pod-abort-1": "Running||", verbs: "abort-0 abort-1" };
    fake = await startFakeKubectl({ state, ...files });
    const typed = fake.type("open", "--no-browser");
    await expect.poll(forwards, { timeout: 20_000 }).toHaveLength(1);
    await fake.write("pod-abort-1", "Succeeded|0|");
    expect(await typed).toMatchObject({ exitCode: 0 });
    expect((await forwards()).at(-1)).toContain("pod/abort-1 ");
  });

  test("opens a connection that broke off again, at the same place", async () => {
    fake = await startFakeKubectl({ ...running, taken: "8484\n", breaks: "" });
    const typed = fake.type("open", "--no-browser");
    await expect.poll(forwards, { timeout: 20_000 }).toHaveLength(3);
    await fake.write("pod-pod-2", "Succeeded|0|");
    const { stderr } = await typed;
    expect(stderr).toContain("broke off; opening it again: error: lost connection to pod");
    expect((await forwards()).at(-1)).toMatch(/ 45678:8484$/);
    expect(stderr.match(/Ctrl-C/g)).toHaveLength(1);
  });

  test("is closed by Ctrl-C, and kubectl with it", async () => {
    fake = await startFakeKubectl(running);
    const typed = fake.type("open", "--no-browser");
    await new Promise<void>((resolve) => typed.stderr.once("data", () => resolve()));
    typed.kill("SIGINT");
    // Its own end closes all that kubectl writes to; a kubectl left behind would hold the test up.
    expect(await typed).toMatchObject({ exitCode: 130 });
  });

  test.each<[string, Record<string, string>, string[], number, RegExp]>([
    ["no run was ever there", {}, [], 1, /^no run is under way[^]*kubectl powo report -n here > page\.html$/],
    ["its pod is gone", { state }, [], 1, /^no run is under way/],
    ["its pod has ended", { state, "pod-pod-2": "Succeeded|0|" }, [], 1, /^no run is under way/],
    [
      "the named port is taken",
      { ...running, taken: "99\n" },
      ["99"],
      1,
      /^port 99 is taken on this machine/,
    ],
    [
      "no right to ports",
      { ...running, refused: "port-forward" },
      [],
      2,
      /^you may not forward ports.*operators$/,
    ],
    ["no right to the state", { ...running, refused: "configmap" }, [], 2, /Forbidden.*operators$/],
    ["no right to pods", { ...running, refused: "get pod" }, [], 2, /Forbidden.*operators$/],
  ])("explains itself where %s", async (_, files, args, exitCode, words) => {
    fake = await startFakeKubectl(files);
    const ended = await fake.type("open", "--no-browser", ...args);
    expect(ended).toMatchObject({ exitCode, stderr: expect.stringMatching(words) });
  });
});
