/** How the plugin reads the log of pods that end, break off and go, with a kubectl that answers out of files. */
import { afterEach, describe, expect, test } from "vitest";
import { startFakeKubectl } from "./fake-kubectl.ts";

let fake: Awaited<ReturnType<typeof startFakeKubectl>>;
afterEach(() => fake.stop());

describe("a log", () => {
  const running = { pods: "pod-job", "pod-pod-job": "Running||" };
  const end = "echo 'Succeeded|0|' > pod-pod-job\n";

  test("that breaks off in mid-line is shown line by line, once each", async () => {
    const scripts = {
      "log-1": "printf 'one\\ntw'; echo 'unexpected EOF' >&2; exit 1",
      "log-2": "printf 'o'; exit 1",
      "log-3": `printf 'one\\ntwo\\nthr'\n${end}`,
      "log-4": "printf 'one\\ntwo\\nthree\\nfour'",
    };
    fake = await startFakeKubectl({ ...running, ...scripts });
    expect(await fake.type("run")).toMatchObject({
      exitCode: 0,
      stdout: "one\ntwo\nthree\nfour",
      stderr: expect.stringMatching(/broke off; reading on: [^]*unexpected EOF/),
    });
  });

  test("that may not be read names the right", async () => {
    fake = await startFakeKubectl({ ...running, refused: "logs pod" });
    expect(await fake.type("run")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/Job run-\S+ goes on[^]*\(Forbidden\)[^]*operators$/),
    });
  });

  test.each([["logs"], ["open"]])("is given up on after five minutes: %s", async (verb) => {
    fake = await startFakeKubectl({ fails: "get configmap", words: "no route to host" });
    expect(await fake.type(verb)).toMatchObject({
      exitCode: 75,
      stderr: expect.stringMatching(/giving up after five minutes: .*[^]*no route/),
    });
  });

  test("whose Job is removed once its pod has ended, by whoever started it, ends as the pod did", async () => {
    const removed = `echo done; echo 'Failed|3|' > pod-pod-job; echo "get job " > fails; echo "(NotFound)" > words`;
    fake = await startFakeKubectl({ ...running, job: "", "log-1": removed });
    expect(await fake.type("logs", "-f", "run-1")).toMatchObject({ exitCode: 3, stdout: "done" });
  });
});
