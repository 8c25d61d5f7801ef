/** The log: one readable line per record, or Cloud Logging's JSON; written at once, secrets left out. */
import { styleText } from "node:util";
import pino from "pino";
import { writeFully } from "./write-sync.ts";

export interface LoggerOptions {
  level: pino.LevelWithSilent;
  /** `pretty`: for people; `json`: Cloud Logging's fields. */
  format: "pretty" | "json";
  /** Takes the secrets out of a text. */
  redact: (text: string) => string;
  /** Receives every record with its line break; standard output if left out. */
  write?: (line: string) => void;
  color?: boolean;
  /** What every line in JSON says beside its own fields: the run, once it is known. */
  context?: () => object | undefined;
}

/** A record as pino writes it: with Cloud Logging's fields, https://cloud.google.com/logging/docs/structured-logging */
interface LogRecord {
  severity: string;
  /** ISO time. */
  time: string;
  message?: string;
  step?: unknown;
  [field: string]: unknown;
}

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
  const { level, format, redact, context, color = false } = options;
  const { write = (line: string) => writeFully(1, line) } = options;
  const verbose = level === "debug" || level === "trace";
  const render = (line: string) =>
    format === "json"
      ? redactJson(line, redact)
      : `${prettyLines(JSON.parse(line) as LogRecord, { redact, verbose, color })}\n`;
  return pino(
    {
      level,
      // No process id, no host name: the pod's name says both.
      base: null,
      messageKey: "message",
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: describe },
      formatters: { level: (label) => ({ severity: severities[label] }), log: describeErrors },
      ...(format === "json" && { mixin: () => ({ ...context?.() }) }),
    },
    { write: (line) => write(render(line)) },
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

interface PrettyOptions {
  redact: (text: string) => string;
  /** With the fields. */
  verbose: boolean;
  color: boolean;
}

function prettyLines(record: LogRecord, { redact, verbose, color }: PrettyOptions): string {
  const { severity, time, message = "", step, ...fields } = record;
  const warning = severity === "WARNING" ? "warning: " : "";
  // Before it is broken into lines: a secret may have several.
  const text = redact(printable(`${warning}${message}${verbose ? pairs(fields) : ""}`));
  const paint = (style: Style | undefined, part: string) =>
    color && style !== undefined && part !== "" ? styleText(style, part, { validateStream: false }) : part;
  const [first = "", ...rest] = text.split("\n").map((line) => paint(styles[severity], line));
  const name = typeof step === "string" ? paint("cyan", `${step.padEnd(stepWidth)} `) : "";
  const head = `${paint("dim", time.slice(11, 19))} ${name}${first}`;
  return redact([head, ...rest.map((line) => (line === "" ? "" : indent + line))].join("\n"));
}

/** Without what moves a terminal's cursor: messages quote what pods and servers say. */
function printable(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "");
}

/** ` key=value key="two words"`. */
function pairs(fields: Record<string, unknown>): string {
  return Object.entries(fields)
    .map(([key, value]) => {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return ` ${key}=${typeof value === "string" && /[\s"=]|^$/.test(text) ? JSON.stringify(text) : text}`;
    })
    .join("");
}

/** The line without secrets, which is JSON still: a secret may be a number, or look like the line itself. */
function redactJson(line: string, redact: (text: string) => string): string {
  const safe = redact(line);
  if (safe === line) return line;
  const hidden = JSON.stringify(JSON.parse(line), (_, value: unknown) => {
    if (typeof value === "string") return redact(value);
    const text = String(value);
    return typeof value === "number" && redact(text) !== text ? redact(text) : value;
  });
  const whole = redact(hidden);
  return `${isJson(whole) ? whole : hidden}\n`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
