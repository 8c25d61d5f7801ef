/** The log: one readable line per record, or Cloud Logging's JSON; written at once, secrets left out. */
import { styleText } from "node:util";
import pino from "pino";
import type { Redactor } from "./redaction.ts";
import { writeFully } from "./write-sync.ts";

export interface LoggerOptions {
  level: pino.LevelWithSilent;
  /** `pretty`: for people; `json`: Cloud Logging's fields. */
  format: "pretty" | "json";
  redactor: Pick<Redactor, "text" | "json">;
  /** Receives every record with its line break; standard output if left out. */
  write?: (line: string) => void;
  color?: boolean;
  /** What every line in JSON says beside its own fields: the run, once it is known. */
  context?: () => object | undefined;
}

type LogRecord = Record<string, unknown> & { severity: string; time: string; message?: string };

/** https://cloud.google.com/logging/docs/structured-logging */
const severities: Readonly<Record<string, string>> = {
  trace: "DEBUG",
  debug: "DEBUG",
  info: "INFO",
  warn: "WARNING",
  error: "ERROR",
  fatal: "CRITICAL",
};
const stepWidth = 18;
const indent = " ".repeat("HH:MM:SS ".length);

/** A pino logger; a child with `{ step }` writes that step's lines. */
export function createLogger(options: LoggerOptions): pino.Logger {
  const { level, format, redactor, context } = options;
  const { write = (line: string) => writeFully(1, line) } = options;
  const render = (line: string) => {
    const record = JSON.parse(line) as LogRecord;
    return format === "json" ? redactor.json(record) : prettyLines(record, options);
  };
  return pino(
    {
      level,
      // No process id, no host name: the pod's name says both.
      base: null,
      messageKey: "message",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ severity: severities[label] }), log: describeErrors },
      ...(format === "json" && { mixin: () => ({ ...context?.() }) }),
    },
    { write: (line) => write(`${render(line)}\n`) },
  );
}

/** Errors of client libraries carry requests, headers and credentials along: only what was said is logged. */
function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return { message: error.message, ...("code" in error && { code: error.code }) };
}

function describeErrors(fields: Record<string, unknown>): Record<string, unknown> {
  if (!Object.values(fields).some((value) => value instanceof Error)) return fields;
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, describe(value)]));
}

type Style = Parameters<typeof styleText>[0];
const styles: Readonly<Record<string, Style>> = {
  DEBUG: "dim",
  WARNING: "yellow",
  ERROR: "red",
  CRITICAL: "red",
};

/** For people: the fields only at the levels that are for debugging. */
function prettyLines(record: LogRecord, { level, redactor, color = false }: LoggerOptions): string {
  const verbose = level === "debug" || level === "trace";
  const { severity, time, message = "", step, ...fields } = record;
  const warning = severity === "WARNING" ? "warning: " : "";
  // Before it is broken into lines: a secret may have several. And before it is coloured: no quoted text does that.
  const text = redactor.text(`${warning}${message}${verbose ? pairs(redactor.json(fields)) : ""}`);
  const paint = (style: Style | undefined, part: string) =>
    color && style !== undefined && part !== "" ? styleText(style, part, { validateStream: false }) : part;
  const [first = "", ...rest] = text.split("\n").map((line) => paint(styles[severity], line));
  const name = typeof step === "string" ? paint("cyan", `${step.padEnd(stepWidth)} `) : "";
  const head = `${paint("dim", time.slice(11, 19))} ${name}${first}`;
  return [head, ...rest.map((line) => (line === "" ? "" : indent + line))].join("\n");
}

/** ` key=value key="two words"` of fields as JSON, which were redacted before they are quoted. */
function pairs(fields: string): string {
  return Object.entries(JSON.parse(fields) as object)
    .map(([key, value]) => {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return ` ${key}=${typeof value === "string" && /[\s"=]|^$/.test(text) ? JSON.stringify(text) : text}`;
    })
    .join("");
}
