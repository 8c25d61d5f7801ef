/** Every way out of the process against every spelling of a secret, and against words that would forge or hide lines. */
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { runProgram as runTool } from "../../src/adapters/process/run-program.ts";
import { runProgram } from "../../src/cli/program.ts";
import { jsonViewer, plainViewer } from "../../src/cli/status.ts";
import { print, type VerbContext } from "../../src/cli/verb.ts";
import { PermanentError } from "../../src/errors.ts";
import { createLogger } from "../../src/logger.ts";
import { details } from "../../src/operate/history.ts";
import type { Status } from "../../src/operate/status.ts";
import { nowOf, statusLines } from "../../src/operate/status-lines.ts";
import { printError } from "../../src/print-error.ts";
import { renderReport } from "../../src/report/render-report.ts";
import { findCanaries } from "../fixtures/secrets.ts";
import { bench } from "./pipeline/bench.ts";
import { failedReport } from "./report/sample.ts";
import { numeric, outside, redactor, secret, spellings, world } from "./ways-out-world.ts";

let asked = 0;

/** What a verb writes that prints such an answer. */
async function printed(argv: string[], work: (context: VerbContext) => void): Promise<string> {
  let all = "";
  const write = (text: string) => void (all += text);
  const row = { name: "say", summary: "", options: [["-o <format>", ""]] as const };
  const run = async (context: VerbContext) => {
    work(context);
    return { code: 0 as const, outcome: "" };
  };
  await runProgram({
    ...{ argv, env: {}, version: "1", color: false, redactor, stdout: write, stderr: write },
    ...{ signal: new AbortController().signal, table: [{ ...row, run }] },
  });
  return all;
}

function logged(format: "pretty" | "json", words: string): string {
  let all = "";
  const logger = createLogger({ level: "trace", format, redactor, write: (line) => (all += line) });
  logger
    .child({ step: "preflight" })
    .warn({ field: words, count: numeric, deep: { list: [words] } }, `said ${words}`);
  return all;
}

async function kept(words: string): Promise<string> {
  const { checkpoint, store, signal } = bench(undefined, redactor.line);
  const failure = { code: "X", message: words, details: [words], hint: words };
  const evidence = [{ release: "prod-aaaaa", takenAt: "2026-11-22T12:00:00.000Z", lines: [words] }];
  const history = { schemaVersion: 2, runs: [{ failure }] };
  await checkpoint().write(
    { state: { failure, reinstall: words }, attachments: { evidence }, history },
    signal,
  );
  return JSON.stringify(await store.load());
}

function status(words: string): Status {
  const { failure } = failedReport();
  const nothing = { finishedAt: undefined, expectedAt: undefined, builder: undefined, step: undefined };
  const named = {
    runId: "r",
    release: "prod-aaaaa",
    phase: "failed",
    startedAt: "2026-11-22T12:00:00.000Z",
  } as const;
  return {
    environment: "prod",
    live: { releases: [], unknown: words, since: undefined, directUpdate: undefined },
    run: {
      ...{
        ...named,
        ...nothing,
        waits: undefined,
        commands: {},
        reopened: { at: named.startedAt, by: words, reason: words },
      },
      failure: { ...failure!, message: words, details: [words], hint: words },
      harvest: undefined,
    },
    later: undefined,
    history: { runs: 0, live: 0, medianMs: undefined },
  };
}
const at = { namespace: "prod-aaaaa" };

/** From words of somebody else's to all that leaves. */
const waysOut: Record<string, (words: string) => Promise<string> | string> = {
  "the log for people": (words) => logged("pretty", words),
  "the log as JSON": (words) => logged("json", words),
  "an answer": (words) => printed(["say"], (context) => print(context, { lines: [words, `a ${words} b`] })),
  "an answer as JSON": (words) =>
    printed(["say", "-o", "json"], (context) =>
      print(context, { document: { words, at: numeric, list: [{ deep: words }] }, lines: [] }),
    ),
  "a page": (words) => {
    const report = failedReport();
    const failure = { ...report.failure!, message: words, details: [words] };
    const failed = report.failed.map((job) => ({ ...job, name: words, reason: words }));
    return renderReport({ ...report, failure, failed }, redactor.redact);
  },
  "the live page": (words) => {
    const report = failedReport();
    const seen = { ...report, failure: undefined, failed: [], now: nowOf(status(words), 0, redactor.line) };
    return renderReport(seen, redactor.redact);
  },
  "a status that is watched": (words) =>
    printed(["say"], (context) => plainViewer(context.stdout, world.clock)(status(words))),
  "a status in lines": (words) =>
    printed(["say"], (context) => print(context, { lines: statusLines(status(words), 0) })),
  "a status as JSON": (words) =>
    printed(["say"], (context) => jsonViewer(context.write, redactor.json)(status(words))),
  "the history": (words) => {
    const failure = { code: "X", message: words };
    const [startedAt, evidence] = [
      "2026-11-22T12:00:00.000Z",
      { release: "r", takenAt: "2026-11-22", lines: [words] },
    ];
    const entry = { runId: "r", release: "r", phase: "failed" as const, startedAt, finishedAt: startedAt };
    return printed(["say"], (context) => print(context, { lines: details({ ...entry, failure, evidence }) }));
  },
  "a mistake in usage": (words) => printed(["say", `--${words}`], () => undefined),
  "an error": (words) => {
    let all = "";
    const error = new PermanentError("X", `failed: ${words}`, { details: [words], hint: words });
    printError(error, (text) => (all += redactor.text(text)));
    return all;
  },
  "a bug": (words) => {
    let all = "";
    printError(new Error(words), (text) => (all += redactor.text(text)));
    return all;
  },
  "the state": kept,
  "an Event": async (words) => {
    outside.posted = [];
    await world.ports.notifier.announce({
      type: "Normal",
      reason: "Live",
      message: `${words} at last, ${(asked += 1)}`,
    });
    return outside.posted.join("\n");
  },
  "the webhook": async (words) => {
    outside.posted = [];
    const text = `prod-aaaaa: ${words}`;
    const names = {
      environment: "prod",
      runId: "r",
      release: "prod-aaaaa",
      time: "2026-11-22T12:00:00.000Z",
    };
    await world.ports.notifier.notify({ event: "failed", ...names, text });
    return outside.posted.join("\n");
  },
  "what a program says": async (words) => {
    const args = ["-e", "process.stderr.write('x'.repeat(70_000) + process.argv[1] + '\\n')", words];
    const call = {
      args,
      cwd: tmpdir(),
      env: {},
      timeoutMs: 10_000,
      setting: "HELM_BIN",
      redact: redactor.redact,
    };
    const { stderrLines } = await runTool({ ...call, file: process.execPath });
    return redactor.text(stderrLines.join("\n"));
  },
  "the log of a pod": async (words) => {
    outside.said = words;
    return (await world.ports.cluster.logs(at.namespace, "p", "c", 3)).join("\n");
  },
  "an Event of a pod": async (words) => {
    outside.said = words;
    return (await world.ports.cluster.warnings(at.namespace)).join("\n");
  },
  "the state of a pod": async (words) => {
    outside.said = words;
    return (await world.ports.cluster.observe(at.namespace)).pods
      .flatMap(({ message = "", containers }) => [message, ...containers.map((one) => one.message ?? "")])
      .join("\n");
  },
  "a refusal of the API server": async (words) => {
    outside.said = words;
    const error: unknown = await world.ports.cluster
      .findNamespace("refused")
      .catch((thrown: unknown) => thrown);
    return (error as PermanentError).details.join("\n");
  },
  "a job of the harvester": async (words) => {
    outside.said = words;
    return (await world.ports.harvester.findList(at.namespace, "1"))?.jobs[0]?.description ?? "";
  },
  "the end of a job": async (words) => {
    outside.said = words;
    return redactor.text((await world.ports.harvester.findExecution(at.namespace, 1))?.exitDescription ?? "");
  },
};

const ways = Object.entries(waysOut);
const decoded = (text: string) => [text, text.replaceAll(/\\n|\s/g, "")].flatMap(findCanaries);

describe.each(ways)("%s", (way, out) => {
  it.each(Object.entries(spellings))("shows no secret %s", async (_, spelling) => {
    const shown = await out(`before ${spelling} after`);
    expect(decoded(shown)).toEqual([]);
    if (way !== "what a program says") expect(shown).toContain("***");
  });

  it("shows no part of a secret that would be cut in two", async () => {
    for (const length of [90, 110, 140, 250, 290, 380, 990])
      expect(decoded(await out(`${"x".repeat(length)} ${secret}`)), String(length)).toEqual([]);
  });

  it("lets no word move the cursor, turn the text around or pass for a line", async () => {
    const signs = [0, 7, 8, 11, 12, 13, 27, 31, 127, 133, 155, 0x61c, 0x200e, 0x200f, 0x2028, 0x2029];
    for (const sign of [
      ...signs,
      ...[0x202a, 0x202b, 0x202c, 0x202d, 0x202e],
      ...[0x2066, 0x2067, 0x2068, 0x2069],
    ]) {
      // No program can be given this in its arguments.
      if (sign === 0 && way === "what a program says") continue;
      const hostile = String.fromCharCode(sign);
      const shown = await out(`before${hostile}after`);
      expect(shown.replaceAll("\n", ""), sign.toString(16)).not.toMatch(
        /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/,
      );
    }
  });
});

/** Where a line break of somebody else's may be one: in what has lines by itself, below a message of the log, in a page. */
const ofLines = [
  "the log for people",
  "a bug",
  "a page",
  "what a program says",
  "the log of a pod",
  "the end of a job",
  "a mistake in usage",
];

it.each(ways.filter(([way]) => !ofLines.includes(way)))("%s keeps words on their line", async (_, out) => {
  const linesOf = async (words: string) => (await out(words)).split("\n").length;
  expect(await linesOf("before\nlive: prod-zzzzz")).toBe(await linesOf("before live: prod-zzzzz"));
});

it("the log indents further lines below its own", () => {
  const lines = logged("pretty", "before\n12:00:00 live: prod-zzzzz").trimEnd().split("\n");
  expect(lines.slice(1).every((line) => line.startsWith("         "))).toBe(true);
});

it.each(["an answer as JSON", "the log as JSON", "a status as JSON", "the state"])(
  "%s stays JSON whatever the secrets are",
  async (way) => {
    const out = await waysOut[way]!(`pin ${numeric} "quoted" \u2028\u001b`);
    const document = JSON.parse(out) as object;
    expect(out).not.toContain(String(numeric));
    expect(JSON.stringify(document)).toContain("pin ***");
  },
);

it("the webhook's text has nothing in it that Slack would read as a link or a call to all", async () => {
  const body = JSON.parse(await waysOut["the webhook"]!("<!channel> & <https://evil.example|click>")) as {
    text: string;
  };
  expect(body.text).toBe("prod-aaaaa: &lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;");
});
