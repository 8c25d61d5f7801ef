import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLogger, type LoggerOptions } from "../../src/logger.ts";
import type { Log } from "../../src/pipeline/task.ts";
import { createRedactor } from "../../src/redaction.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-22T12:00:02Z"), toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function logTo(options: Partial<LoggerOptions> = {}) {
  const written: string[] = [];
  const redactor = createRedactor();
  const write = (line: string) => void written.push(line);
  return { logger: createLogger({ level: "info", format: "pretty", redactor, write, ...options }), written };
}

function hiding(...secrets: string[]) {
  const redactor = createRedactor();
  for (const secret of secrets) redactor.add(secret);
  return { redactor };
}

describe("pretty", () => {
  it("writes time, step and message in columns", () => {
    const { logger, written } = logTo();
    const log: Log = logger;
    log.info({ runId: "r1" }, "powo-builder 1.0.0  run r1");
    logger.child({ step: "preflight" }).info({}, "12 checks passed");
    logger.child({ step: "delete-old-release" }).error({}, "FAILED: no");
    expect(written).toEqual([
      "12:00:02 powo-builder 1.0.0  run r1\n",
      "12:00:02 preflight          12 checks passed\n",
      "12:00:02 delete-old-release FAILED: no\n",
    ]);
  });

  it("indents further lines below the first word and says what is a warning", () => {
    const { logger, written } = logTo();
    logger.child({ step: "swap-dns" }).warn({}, "slow\r\n  a detail\n\nmore");
    expect(written).toEqual([
      "12:00:02 swap-dns           warning: slow\n           a detail\n\n         more\n",
    ]);
  });

  it("shows fields at level debug only", () => {
    const { logger, written } = logTo({ level: "debug" });
    const fields = { release: "prod-a", ms: 3, why: "two words", list: [1], empty: "" };
    logger.child({ step: "swap-dns" }).debug(fields, "sent");
    const quiet = logTo();
    quiet.logger.debug(fields, "sent");
    expect(written).toEqual([
      '12:00:02 swap-dns           sent release=prod-a ms=3 why="two words" list=[1] empty=""\n',
    ]);
    expect(quiet.written).toEqual([]);
  });

  it("colours only when asked, and lets no quoted text do so", () => {
    const escape = String.fromCharCode(27);
    const { logger, written } = logTo({ color: true });
    logger.error({}, `pod said ${escape}[2Jhello`);
    expect(written).toEqual([
      `${escape}[2m12:00:02${escape}[22m ${escape}[31mpod said \\u001b[2Jhello${escape}[39m\n`,
    ]);
    const plain = logTo();
    plain.logger.error({}, `pod said ${escape}[2Jhello`);
    expect(plain.written).toEqual(["12:00:02 pod said \\u001b[2Jhello\n"]);
  });
});

describe("json", () => {
  it("writes Cloud Logging's fields", () => {
    const { logger, written } = logTo({ format: "json", level: "trace" });
    logger.child({ step: "swap-dns" }).warn({ release: "prod-a" }, "slow");
    logger.trace({}, "x");
    expect(written.map((line) => JSON.parse(line))).toEqual([
      {
        severity: "WARNING",
        time: "2026-11-22T12:00:02.000Z",
        message: "slow",
        step: "swap-dns",
        release: "prod-a",
      },
      { severity: "DEBUG", time: "2026-11-22T12:00:02.000Z", message: "x" },
    ]);
  });

  it("says on every line which run it is about, once that is known; a line's own fields come first", () => {
    const known: { run?: object } = {};
    const { logger, written } = logTo({ format: "json", context: () => known.run });
    const child = logger.child({ step: "preflight" });
    child.info({}, "before");
    known.run = { runId: "prod-20261122-1200", release: "prod-k3m7q" };
    child.info({ job: "re-index" }, "of a job");
    child.info({}, "after");
    logger.warn({ release: "prod-j8x91" }, "another release");
    expect(written.map((line) => JSON.parse(line))).toEqual([
      { severity: "INFO", time: "2026-11-22T12:00:02.000Z", message: "before", step: "preflight" },
      expect.objectContaining({ runId: "prod-20261122-1200", job: "re-index" }),
      {
        severity: "INFO",
        time: "2026-11-22T12:00:02.000Z",
        message: "after",
        step: "preflight",
        runId: "prod-20261122-1200",
        release: "prod-k3m7q",
      },
      expect.objectContaining({ runId: "prod-20261122-1200", release: "prod-j8x91" }),
    ]);
    const pretty = logTo({ level: "debug", context: () => known.run });
    pretty.logger.debug({}, "short");
    expect(pretty.written).toEqual(["12:00:02 short\n"]);
  });

  it("stays JSON when a secret is a number, a part of a time, or looks like the line itself", () => {
    const { logger, written } = logTo({ format: "json", ...hiding("987654", '":"INFO', "2026") });
    logger.info({ pin: 1987654, at: "987654" }, 'x":"INFO 987654');
    const [line = ""] = written;
    expect(line).not.toContain("987654");
    const time = "2026-11-22T12:00:02.000Z";
    expect(JSON.parse(line)).toMatchObject({ severity: "INFO", time, message: "x*** ***", pin: "1***" });
  });
});

describe.each(["pretty", "json"] as const)("secrets in %s", (format) => {
  it("are hidden in messages and fields, over several lines as well", () => {
    const key = "first-line-of-key\nsecond-line-of-key";
    const { logger, written } = logTo({ format, level: "debug", ...hiding("hunter22", key, 'quo"ted') });
    logger.info(
      { url: "http://u:hunter22@h", q: 'quo"ted words' },
      `login with hunter22\n${key}\ndone quo"ted`,
    );
    expect(written.join("")).not.toMatch(/hunter22|line-of-key|quo.{1,2}ted/);
    expect(written.join("")).toContain("login with ***");
  });

  it("of a client's error never get as far", () => {
    const { logger, written } = logTo({ format, level: "debug" });
    const config = { headers: { authorization: "Bearer letmein" } };
    const failure = Object.assign(new Error("no route"), { code: "EHOSTUNREACH", config, response: config });
    logger.error({ err: failure }, "asked in vain");
    logger.error({ cause: failure }, "asked in vain");
    logger.error(failure);
    expect(written.join("")).not.toContain("letmein");
    expect(written[0]).toContain("EHOSTUNREACH");
    expect(written).toHaveLength(3);
  });
});

it("loses nothing to a slow reader when the process ends", () => {
  const program = `
    import { createLogger } from ${JSON.stringify(new URL("../../src/logger.ts", import.meta.url).href)};
    const redactor = { text: (text) => text, json: JSON.stringify };
    const logger = createLogger({ level: "info", format: "pretty", redactor });
    for (let i = 0; i < 5000; i++) logger.info({}, "line " + i + " " + "x".repeat(80));
    process.exit(7);
  `;
  const shell = `"$0" --input-type=module -e "$1" | { sleep 0.3; cat; }; exit "\${PIPESTATUS[0]}"`;
  const { stdout, status } = spawnSync("bash", ["-c", shell, process.execPath, program], {
    encoding: "utf8",
    maxBuffer: 10_000_000,
  });
  expect(status).toBe(7);
  expect(stdout.trimEnd().split("\n")).toHaveLength(5000);
});
