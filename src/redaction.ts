/**
 * Keeps secrets out of what is written: every spelling that a secret may turn up in becomes `***`. It comes before anything
 * else that is done to a text: what was cut or folded can't be recognised any more.
 */
import { canHide, leavesOf } from "./domain/secrets.ts";
import { oneLine, spelledOut, visible } from "./domain/words.ts";

/** The one that knows all secrets, and what text and documents pass on their way out. */
export interface Redactor {
  /** A secret from now on; what is too short or too common to be hidden is passed over. */
  add: (secret: string) => void;
  /** Every text and number in a tree of values, such as a secrets file; with a pattern those alone whose path matches. */
  addDeep: (values: unknown, where?: RegExp) => void;
  /** A word that is never hidden: the environment's name. */
  spare: (word: string) => void;
  /** The text with `***` for every secret that was added. */
  redact: (text: string) => string;
  /** Without secrets, and with its control characters spelled out. */
  text: (text: string) => string;
  /** As `text`, on one line. */
  line: (text: string) => string;
  /** A document as JSON: texts and numbers of it are redacted one by one, so that it stays JSON; times are let be. */
  json: (document: unknown, indent?: number) => string;
}

const mask = "***";
const minSpelling = 4;
/** Of a line of a secret, and of a spelling that is looked for across line breaks. */
const minLine = 8;
const time = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** A redactor that knows no secret yet. */
export function createRedactor(): Redactor {
  const known = new Set<string>();
  const spellings = new Set<string>();
  let spared: string | undefined;
  let index: Index | undefined;

  function add(secret: string): void {
    if (known.has(secret)) return;
    known.add(secret);
    index = undefined;
    for (const part of parts(secret).filter((text) => canHide(text, spared)))
      for (const form of formsOf(part)) spellings.add(form);
  }

  function redact(text: string): string {
    if (spellings.size === 0) return text;
    index ??= indexOf(spellings);
    return masked(text, [...spansIn(text, index), ...spansAcrossLines(text, index)]);
  }

  const inJson = (_: string, value: unknown): unknown => {
    if (typeof value === "string") return time.test(value) ? value : redact(value);
    const text = typeof value === "number" ? redact(String(value)) : "";
    return text.includes(mask) ? text : value;
  };

  return {
    add,
    addDeep: (values, where = /^/) => {
      for (const [path, leaf] of leavesOf(values)) {
        if (!where.test(path)) continue;
        add(String(leaf));
        // As Helm's templates write a number: 1.423456e+06.
        if (typeof leaf === "number") add(leaf.toExponential().replace(/e([+-])(\d)$/, "e$10$2"));
      }
    },
    spare: (word) => (spared = word),
    redact,
    text: (text) => visible(redact(text)),
    line: (text) => oneLine(redact(text)),
    json: (document, indent) => visible(JSON.stringify(document, inJson, indent)),
  };
}

/** The secret, and each line of one that has several: logs break texts at line ends. */
function parts(secret: string): string[] {
  return [secret, secret.trim(), ...linesOf(secret).filter((line) => line.length >= minLine)];
}

/** Without frames such as `-----BEGIN PRIVATE KEY-----`. */
function linesOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  return lines.filter((line) => !line.startsWith("-----"));
}

function* formsOf(secret: string): Generator<string> {
  const json = JSON.stringify(secret).slice(1, -1);
  yield* [secret, json, JSON.stringify(json).slice(1, -1), secret.replaceAll("'", "''")];
  // Go's encoder, so Helm's and Kubernetes' own, also escapes what HTML gives a meaning to; others all but ASCII.
  for (const more of [/[<>&]/g, /[\u007f-\uffff]/g]) yield json.replaceAll(more, spelledOut);
  const url = encodeURIComponent(secret.toWellFormed());
  yield* [url, url.replaceAll("%2F", "/"), userInfo(secret)];
  yield url.replaceAll(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase());
  yield new URLSearchParams({ "": secret }).toString().slice(1);
  const html = secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  for (const single of ["&#39;", "&apos;", "&#x27;", "'"])
    for (const double of ["&quot;", "&#34;", '"']) yield html.replaceAll("'", single).replaceAll('"', double);
  const bytes = Buffer.from(secret);
  yield* base64Forms(bytes);
  const hex = bytes.toString("hex");
  for (const digits of [hex, hex.toUpperCase()]) yield* [digits, digits.replaceAll(/../g, "%$&")];
  // The body of a key.
  yield linesOf(secret).join("");
}

/** As URL writes it between `//` and `@`. */
function userInfo(secret: string): string {
  const url = new URL("http://host");
  url.password = secret;
  return url.password;
}

/** Base64 of the bytes at every offset: only the digits that no neighbouring byte affects. */
function* base64Forms(secret: Buffer): Generator<string> {
  for (const offset of [0, 1, 2]) {
    const bytes = Buffer.concat([Buffer.alloc(offset), secret]);
    const [first, last] = [Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6)];
    for (const encoding of ["base64", "base64url"] as const) {
      const digits = bytes.toString(encoding);
      yield digits.slice(first, last);
      // And up to its end, so that no digit of the last byte is left.
      yield digits.slice(first);
    }
  }
}

/**
 * Spellings by how they begin, the longest first. No regular expression: the engine refuses one made of a large secret,
 * and its error shows the whole of it.
 */
type Index = ReadonlyMap<number, readonly string[]>;
type Span = readonly [start: number, end: number];

function indexOf(spellings: Iterable<string>): Index {
  const long = [...spellings].filter(({ length }) => length >= minSpelling);
  long.sort((one, other) => other.length - one.length);
  return Map.groupBy(long, (spelling) => beginning(spelling));
}

/** Seven bits of each character: a substring for every position would cost too much memory. */
const hashed = (hash: number, code: number) => ((hash << 7) | (code & 0x7f)) & 0xf_ff_ff_ff;

function beginning(text: string): number {
  return text
    .slice(0, minSpelling)
    .split("")
    .reduce((hash, unit) => hashed(hash, unit.charCodeAt(0)), 0);
}

function* spansIn(text: string, index: Index): Generator<Span> {
  let hash = 0;
  for (let next = 0; next < text.length; next += 1) {
    hash = hashed(hash, text.charCodeAt(next));
    const at = next + 1 - minSpelling;
    if (at < 0) continue;
    const found = index.get(hash)?.find((spelling) => text.startsWith(spelling, at));
    if (found !== undefined) yield [at, at + found.length];
  }
}

const lineBreak = /(?:\r\n?|\n|\\[rn])[ \t]*/g;

/** Where secrets stand that a line break goes through, spelled out or not. */
function spansAcrossLines(text: string, index: Index): Span[] {
  const joined = text.replaceAll(lineBreak, "");
  if (joined.length === text.length) return [];
  const found = [...spansIn(joined, index)].filter(([start, stop]) => stop - start >= minLine);
  if (found.length === 0) return [];
  const places: number[] = [];
  let at = 0;
  for (const { 0: broken, index: end } of [...text.matchAll(lineBreak), { 0: "", index: text.length }]) {
    for (; at < end; at += 1) places.push(at);
    at += broken.length;
  }
  return found.map(([start, stop]) => [places[start] ?? 0, (places[stop - 1] ?? 0) + 1]);
}

function masked(text: string, spans: readonly Span[]): string {
  if (spans.length === 0) return text;
  let [result, end] = ["", 0];
  for (const [start, stop] of spans.toSorted((one, other) => one[0] - other[0] || other[1] - one[1])) {
    if (start >= end) result += text.slice(end, start) + mask;
    end = Math.max(end, stop);
  }
  return result + text.slice(end);
}
