/** The log: one readable line per record, or Cloud Logging's JSON; written at once, secrets left out. */
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

/** What a record holds beside its fields, as pino writes it. */
interface LogRecord {
  level: number;
  time: number;
  msg?: string;
  step?: unknown;
  [field: string]: unknown;
}

const stepWidth = 18;
const indent = " ".repeat("HH:MM:SS ".length);
const levels: Readonly<Record<string, number>> = pino.levels.values;
const { debug = 20, info = 30, warn = 40, error = 50, fatal = 60 } = levels;

/** A pino logger; a child with `{ step }` writes that step's lines. */
export function createLogger(options: LoggerOptions): pino.Logger {
  const { level, format, redact, write = (line: string) => writeFully(1, line), color = false } = options;
  const { context } = options;
  const verbose = (levels[level] ?? Infinity) <= debug;
  const render =
    format === "json"
      ? (record: LogRecord) => jsonLine(record, redact)
      : (record: LogRecord) => prettyLines(record, { redact, verbose, color });
  const destination: pino.DestinationStream = {
    write: (line) => write(`${render(JSON.parse(line) as LogRecord)}\n`),
  };
  return pino(
    // No process id, no host name: the pod's name says both.
    {
      level,
      base: null,
      serializers: { err: describe },
      formatters: { log: describeErrors },
      ...(format === "json" ? { mixin: () => ({ ...context?.() }) } : {}),
    },
    destination,
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

interface PrettyOptions {
  redact: (text: string) => string;
  /** With the fields. */
  verbose: boolean;
  color: boolean;
}

function prettyLines(record: LogRecord, { redact, verbose, color }: PrettyOptions): string {
  const { level, time, msg = "", step, ...fields } = record;
  const clock = new Date(time).toISOString().slice(11, 19);
  const warning = level === warn ? "warning: " : "";
  // Before it is broken into lines: a secret may have several.
  const lines = redact(printable(`${warning}${msg}${verbose ? pairs(fields) : ""}`)).split("\n");
  const name = typeof step === "string" ? `${step.padEnd(stepWidth)} ` : "";
  const paint = color ? painter(level) : plain;
  const [first = "", ...rest] = lines;
  const head = `${color ? dim(clock) : clock} ${color && name ? cyan(name) : name}${paint(first)}`;
  return redact([head, ...rest.map((line) => (line === "" ? "" : `${indent}${paint(line)}`))].join("\n"));
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

const plain = (text: string) => text;
const sgr = (code: number, end: number) => (text: string) => `\u001b[${code}m${text}\u001b[${end}m`;
const [dim, cyan, yellow, red] = [sgr(2, 22), sgr(36, 39), sgr(33, 39), sgr(31, 39)];

function painter(level: number): (text: string) => string {
  if (level >= error) return red;
  if (level === warn) return yellow;
  return level < info ? dim : plain;
}

/** https://cloud.google.com/logging/docs/structured-logging */
function jsonLine({ level, time, msg = "", ...fields }: LogRecord, redact: (text: string) => string): string {
  const own = { severity: severityOf(level), time: new Date(time).toISOString(), message: msg };
  const entry = { ...own, ...fields, ...own };
  const line = JSON.stringify(entry);
  const safe = redact(line);
  if (safe === line) return line;
  // Value by value, so that what is left is JSON still: a secret may be a number.
  const hidden = JSON.stringify(entry, (_, value: unknown) => {
    if (typeof value === "string") return redact(value);
    const text = String(value);
    return typeof value === "number" && redact(text) !== text ? redact(text) : value;
  });
  const whole = redact(hidden);
  return isJson(whole) ? whole : hidden;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function severityOf(level: number): string {
  if (level >= fatal) return "CRITICAL";
  if (level >= error) return "ERROR";
  if (level >= warn) return "WARNING";
  return level >= info ? "INFO" : "DEBUG";
}
