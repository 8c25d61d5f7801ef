/** Every way out of the process against every spelling of a secret, and against words that would forge or hide lines. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runProgram as runTool } from "../../src/adapters/process/run-program.ts";
import { runProgram } from "../../src/cli/program.ts";
import { jsonViewer, liveViewer } from "../../src/cli/status.ts";
import { print, type VerbContext } from "../../src/cli/verb.ts";
import { compose } from "../../src/compose.ts";
import { PermanentError } from "../../src/errors.ts";
import { createLogger } from "../../src/logger.ts";
import { details } from "../../src/operate/history.ts";
import type { Status } from "../../src/operate/status.ts";
import { statusLines } from "../../src/operate/status-lines.ts";
import type { World } from "../../src/pipeline/world.ts";
import { printError } from "../../src/print-error.ts";
import { createRedactor, type Redactor } from "../../src/redaction.ts";
import { renderReport } from "../../src/report/render-report.ts";
import { findCanaries } from "../fixtures/secrets.ts";
import { removeFolder } from "../tools/remove-folder.ts";
import { read } from "./config/read.ts";
import { bench } from "./pipeline/bench.ts";
import { failedReport } from "./report/sample.ts";

const secret = `canary-1: "q'$%/\\@&#é <two  spaces> and canary after canary, so that it goes on and on and on`;
const pem = [
  "-----BEGIN KEY-----",
  "canaryMIIEvQIBADANBgkqhkiG",
  "canary9w0BAQEFAASCBKcwggSj",
  "-----END KEY-----",
];
const numeric = 1423456;

let dir: string;
let world: World;
let dispose: () => void;
let redactor: Redactor;
let server: Server;
/** What the pods, events, harvester and API server say. */
let said = "";
/** Bodies that were posted. */
let posted: string[] = [];
let asked = 0;

/** Kubernetes, the harvester and the receiver of the webhook in one. */
function answer(method: string, pathname: string): [status: number, body: string] {
  const json = (body: object): [number, string] => [200, JSON.stringify(body)];
  const metadata = { name: "x", uid: "u", resourceVersion: "1" };
  if (pathname.startsWith("/hook")) return [200, ""];
  if (pathname.endsWith("/log")) return [200, `${said}\n`];
  if (pathname.endsWith("/jobs/job-1")) return json({ kind: "Job", metadata });
  if (pathname.endsWith("/events") && method === "GET") {
    const involvedObject = { kind: "Pod", name: "p" };
    return json({
      kind: "EventList",
      items: [{ involvedObject, metadata, reason: "Failed", message: said }],
    });
  }
  if (pathname.endsWith("/namespaces/refused"))
    return [403, JSON.stringify({ kind: "Status", message: said, status: "Failure" })];
  if (pathname.endsWith("/pods")) {
    const waiting = { waiting: { reason: "CrashLoopBackOff", message: said } };
    const containerStatuses = [{ name: "c", state: waiting, restartCount: 1 }];
    const spec = { containers: [{ name: "c" }] };
    return json({
      kind: "PodList",
      items: [{ metadata, spec, status: { message: said, containerStatuses } }],
    });
  }
  if (pathname.includes("/job/list/"))
    return json({
      id: 1,
      identifier: "1",
      jobConfigurations: [{ id: 1, identifier: "a", description: said }],
    });
  if (pathname.includes("/execution"))
    return json({ id: 1, status: "FAILED", exitStatus: { exitCode: "FAILED", exitDescription: said } });
  return json({ kind: "List", metadata, items: [] });
}

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "ways-out-"));
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { pathname } = new URL(request.url ?? "/", "http://x");
      if (request.method === "POST") posted.push(Buffer.concat(chunks).toString());
      const [status, body] = answer(request.method ?? "", pathname);
      response.writeHead(status, { "content-type": "application/json" }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeconfig = path.join(dir, "kubeconfig");
  const config = {
    clusters: [{ name: "c", cluster: { server: url } }],
    users: [{ name: "u", user: { token: "canary-token" } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "u", namespace: "builder" } }],
    "current-context": "c",
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  const secretsFile = path.join(dir, "secrets.yaml");
  await writeFile(
    secretsFile,
    JSON.stringify({ password: { db: secret, pin: numeric }, key: pem.join("\n") }),
  );
  const env = {
    ...{ KUBECONFIG: kubeconfig, SECRETS_FILE: secretsFile, API_PREFIX: url, JOB_NAME: "job-1" },
    ...{ NOTIFY_WEBHOOK_URL: `${url}/hook` },
  };
  redactor = createRedactor();
  const settings = read({ env });
  ({ world, dispose } = await compose({
    settings,
    env,
    version: "1",
    color: false,
    redactor,
    write: () => undefined,
  }));
});
afterAll(async () => {
  dispose();
  server.closeAllConnections();
  server.close();
  await removeFolder(dir);
});

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
      ...{ ...named, ...nothing, commands: {}, reopened: { at: named.startedAt, by: words, reason: words } },
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
  "a status that is drawn": (words) => {
    let all = "";
    const paint = (text: string) => void (all += redactor.text(text));
    liveViewer({ paint, keep: () => undefined }, world.clock).show(status(words));
    return all;
  },
  "a status in lines": (words) =>
    printed(["say"], (context) => print(context, { lines: statusLines(status(words), 0) })),
  "a status as JSON": (words) =>
    printed(["say"], (context) =>
      jsonViewer((text) => context.write(`${redactor.json(JSON.parse(text))}\n`)).show(status(words)),
    ),
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
    posted = [];
    await world.ports.notifier.announce({
      type: "Normal",
      reason: "Live",
      message: `${words} at last, ${(asked += 1)}`,
    });
    return posted.join("\n");
  },
  "the webhook": async (words) => {
    posted = [];
    const text = `prod-aaaaa: ${words}`;
    const names = {
      environment: "prod",
      runId: "r",
      release: "prod-aaaaa",
      time: "2026-11-22T12:00:00.000Z",
    };
    await world.ports.notifier.notify({ event: "failed", ...names, text });
    return posted.join("\n");
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
    said = words;
    return (await world.ports.cluster.logs(at.namespace, "p", "c", 3)).join("\n");
  },
  "an Event of a pod": async (words) => {
    said = words;
    return (await world.ports.cluster.warnings(at.namespace)).join("\n");
  },
  "the state of a pod": async (words) => {
    said = words;
    return (await world.ports.cluster.observe(at.namespace)).pods
      .flatMap(({ message = "", containers }) => [message, ...containers.map((one) => one.message ?? "")])
      .join("\n");
  },
  "a refusal of the API server": async (words) => {
    said = words;
    const error: unknown = await world.ports.cluster
      .findNamespace("refused")
      .catch((thrown: unknown) => thrown);
    return (error as PermanentError).details.join("\n");
  },
  "a job of the harvester": async (words) => {
    said = words;
    return (await world.ports.harvester.findList(at.namespace, "1"))?.jobs[0]?.description ?? "";
  },
  "the end of a job": async (words) => {
    said = words;
    return redactor.text((await world.ports.harvester.findExecution(at.namespace, 1))?.exitDescription ?? "");
  },
};

const base64 = Buffer.from(`user:${secret}`).toString("base64");
const hex = Buffer.from(secret).toString("hex");
const json = JSON.stringify(secret).slice(1, -1);
const html = secret
  .replaceAll("&", "&amp;")
  .replaceAll("<", "&lt;")
  .replaceAll(">", "&gt;")
  .replaceAll("'", "&#39;");
const spellings: Record<string, string> = {
  "as it is": secret,
  "in base64": base64,
  "in base64 that begins a byte later": Buffer.from(`user:x${secret}`).toString("base64"),
  "in base64 that begins two bytes later": Buffer.from(`user:xy${secret}`).toString("base64"),
  "in base64, wrapped": base64.replaceAll(/.{76}/g, "$&\n"),
  "in base64 for URLs": Buffer.from(secret).toString("base64url"),
  "in hex": hex,
  "in hex, upper case": hex.toUpperCase(),
  "percent-encoded": encodeURIComponent(secret),
  "percent-encoded byte by byte": hex.replaceAll(/../g, "%$&"),
  "in JSON": json,
  "in JSON within JSON": JSON.stringify(json).slice(1, -1),
  "in HTML": html.replaceAll('"', "&quot;"),
  "a key": pem.join("\n"),
  "a line of a key": pem[1] ?? "",
  "the body of a key": pem.slice(1, 3).join(""),
  "the token of the kubeconfig": "canary-token",
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
