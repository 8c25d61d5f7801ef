/** Keeps secrets out of what is written: every spelling that a secret may turn up in becomes `***`. */

export interface Redactor {
  /** A secret from now on; what is too short or too common to be one is passed over. */
  add: (secret: string) => void;
  /** Every text and number in a tree of values, such as a secrets file; user names and the like are passed over. */
  addDeep: (values: unknown) => void;
  /** The text with `***` for every secret that was added. */
  redact: (text: string) => string;
}

const mask = "***";
const shortest = 4;
const shortestLine = 8;
const trivial = new Set([
  ...["true", "false", "null", "none", "admin", "root", "user", "password", "secret", "changeme"],
  ...["default", "postgres", "localhost", "http", "https"],
]);
/** Keys that stand beside a password without being one; their values are words that logs are full of. */
const harmlessKey = /^(user(_?name)?|name|host(_?name)?|port|database|db|type|kind|enabled)$/i;
const word = /^[a-z][a-z0-9_.-]{0,23}$/i;
/** Whatever the keys below say, as in `password: { db: … }`. */
const secretKey = /pass|secret|token|key|credential/i;

/** A redactor that knows no secret yet. */
export function createRedactor(): Redactor {
  const spellings = new Set<string>();
  let index: Index | undefined;

  function add(secret: string): void {
    const before = spellings.size;
    for (const part of parts(secret)) for (const form of formsOf(part)) spellings.add(form);
    if (spellings.size > before) index = undefined;
  }

  return {
    add,
    addDeep: (values) => {
      for (const text of textsIn(values, new Set())) add(text);
    },
    redact: (text) => {
      if (spellings.size === 0) return text;
      index ??= indexOf(spellings);
      return replaceAll(text, index);
    },
  };
}

/** The secret, and each line of one that has several: logs break texts at line ends. */
function parts(secret: string): string[] {
  const whole = secret.trim();
  const lines = whole.split(/\r?\n/).map((line) => line.trim());
  const long = lines.length > 1 ? lines.filter((line) => line.length >= shortestLine && !isFrame(line)) : [];
  return [secret, whole, ...long].filter((part) => part.length >= shortest && !isTrivial(part));
}

/** `-----BEGIN PRIVATE KEY-----`. */
const isFrame = (line: string) => line.startsWith("-----");

function isTrivial(text: string): boolean {
  return trivial.has(text.toLowerCase()) || (text.length < 6 && /^[\d.]+$/.test(text)) || text.trim() === "";
}

function* textsIn(value: unknown, seen: Set<object>, isSecret = false): Generator<string> {
  if (typeof value === "string") yield value;
  else if (typeof value === "number" || typeof value === "bigint") yield String(value);
  else if (typeof value === "object" && value !== null && !seen.has(value)) {
    seen.add(value);
    for (const [key, inner] of Object.entries(value) as [string, unknown][]) {
      const below = isSecret || secretKey.test(key);
      const isHarmless = !below && harmlessKey.test(key) && (typeof inner !== "string" || word.test(inner));
      if (typeof inner === "object" || !isHarmless) yield* textsIn(inner, seen, below);
    }
  }
}

function formsOf(secret: string): Set<string> {
  const json = JSON.stringify(secret).slice(1, -1);
  const url = encodeURIComponent(secret.toWellFormed());
  return new Set([
    secret,
    json,
    JSON.stringify(json).slice(1, -1),
    goJson(json),
    secret.replaceAll("'", "''"),
    url,
    url.replaceAll(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()),
    url.replaceAll("%2F", "/"),
    new URLSearchParams({ "": secret }).toString().slice(1),
    userInfo(secret),
    ...base64Forms(Buffer.from(secret)),
  ]);
}

/** Go's encoder, so Helm's and Kubernetes' own, also escapes what HTML gives a meaning to. */
function goJson(json: string): string {
  return json.replaceAll(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`);
}

/** As URL writes it between `//` and `@`. */
function userInfo(secret: string): string {
  const url = new URL("http://host");
  url.password = secret;
  return url.password;
}

/** Base64 of the bytes wherever they begin in what was encoded: only digits that no neighbour has a part in. */
function* base64Forms(secret: Buffer): Generator<string> {
  for (const offset of [0, 1, 2]) {
    const bytes = Buffer.concat([Buffer.alloc(offset), secret]);
    const [first, last] = [Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6)];
    for (const encoding of ["base64", "base64url"] as const) {
      const digits = bytes.toString(encoding);
      yield digits.slice(first, last);
      // With what ends it, so that no digit of the last byte is left over.
      yield digits.slice(first);
    }
  }
}

/**
 * Spellings by how they begin, the longest first. No regular expression: one that is made of a large secret is
 * refused by the engine, in words that show the whole of it.
 */
type Index = ReadonlyMap<string, readonly string[]>;

function indexOf(spellings: ReadonlySet<string>): Index {
  const long = [...spellings].filter(({ length }) => length >= shortest).sort((a, b) => b.length - a.length);
  return Map.groupBy(long, (spelling) => spelling.slice(0, shortest));
}

function replaceAll(text: string, index: Index): string {
  let [result, end, start] = ["", 0, -1];
  for (let at = 0; at + shortest <= text.length; at += 1) {
    const alike = index.get(text.slice(at, at + shortest));
    // The next spelling may begin inside of this one.
    const found = alike?.find((spelling) => text.startsWith(spelling, at));
    if (found === undefined) continue;
    if (at >= end) {
      if (start >= 0) result += mask;
      result += text.slice(end, at);
      start = at;
    }
    end = Math.max(end, at + found.length);
  }
  return start < 0 ? text : `${result}${mask}${text.slice(end)}`;
}
