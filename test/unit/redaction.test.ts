import { describe, expect, it } from "vitest";
import { createRedactor } from "../../src/redaction.ts";
import { fc } from "../fast-check.ts";

function redactorOf(...secrets: string[]) {
  const redactor = createRedactor();
  for (const secret of secrets) redactor.add(secret);
  return redactor;
}

const secret = 'p@ss w"rd/\\<ü>+';
const everyByte = (text: string) => Buffer.from(text).toString("hex").replaceAll(/../g, "%$&");

describe("redact", () => {
  it.each([
    ["raw", secret],
    ["in JSON", JSON.stringify(secret).slice(1, -1)],
    ["in JSON within JSON", JSON.stringify(JSON.stringify(secret)).slice(3, -3)],
    ["in Go's JSON", 'p@ss w\\"rd/\\\\\\u003cü\\u003e+'],
    ["percent-encoded", encodeURIComponent(secret)],
    ["percent-encoded in lower case", encodeURIComponent(secret).toLowerCase()],
    ["in a form", new URLSearchParams({ a: secret }).toString().slice(2)],
    [
      "in a URL",
      (() => {
        const url = new URL("http://h");
        url.password = secret;
        return url.password;
      })(),
    ],
    ["in base64", Buffer.from(secret).toString("base64")],
    ["in JSON of ASCII alone", JSON.stringify(secret).slice(1, -1).replace("ü", "\\u00fc")],
    ["percent-encoded byte by byte", everyByte(secret)],
    ["percent-encoded byte by byte in upper case", everyByte(secret).toUpperCase()],
    ["in hex", Buffer.from(secret).toString("hex")],
    ["in hex in upper case", Buffer.from(secret).toString("hex").toUpperCase()],
    ["in HTML", "p@ss w&quot;rd/\\&lt;ü&gt;+"],
    ["in Go's HTML", "p@ss w&#34;rd/\\&lt;ü&gt;+"],
    ["in XML, where quotes may stay", 'p@ss w"rd/\\&lt;ü&gt;+'],
  ])("hides a secret %s", (_, spelling) => {
    expect(redactorOf(secret).redact(`before ${spelling} after`)).toBe("before *** after");
  });

  it("hides a secret wherever it lies in what was encoded", () => {
    const { redact } = redactorOf("correct horse");
    for (const before of ["", "u", "us", "user:"]) {
      for (const after of ["", "\n", " battery"]) {
        for (const encoding of ["base64", "base64url"] as const) {
          const encoded = Buffer.from(`${before}correct horse${after}`).toString(encoding);
          const seen = Buffer.from(redact(encoded).replace("***", ""), encoding).toString("latin1");
          expect(redact(encoded)).toContain("***");
          expect(seen).not.toMatch(/orrect|hors/);
        }
      }
    }
  });

  it("hides a secret of a megabyte", () => {
    const large = "a large secret, ".repeat(65_536);
    const { redact } = redactorOf(large);
    expect(redact(`before ${large} after`)).toBe("before *** after");
    expect(redact("nothing to hide")).toBe("nothing to hide");
  });

  it("knows as many secrets as there are, alike or not", () => {
    const { redact } = redactorOf(...Array.from({ length: 5_000 }, (_, index) => `secret-${index}-value`));
    expect(redact("secret-4999-value and secret-5000-value")).toBe("*** and secret-5000-value");
  });

  it("hides any secret in any text", () => {
    const texts = fc.string({ minLength: 6, unit: "binary" }).filter((text) => text.trim().length >= 6);
    fc.assert(
      fc.property(texts, fc.string(), fc.string(), (hidden, before, after) => {
        fc.pre(!/^[\d.]+$/.test(hidden) && !["secret"].includes(hidden.toLowerCase()));
        // What `***` itself or its neighbours spell anew is no leak.
        fc.pre(!`${before}***${after}`.includes(hidden));
        expect(redactorOf(hidden).redact(`${before}${hidden}${after}`)).not.toContain(hidden);
      }),
    );
  });

  it("prefers the longest of several and hides overlapping ones whole", () => {
    expect(redactorOf("abcdef", "abcdefghij").redact("x abcdefghij y abcdef")).toBe("x *** y ***");
    expect(redactorOf("abcdef", "defghi").redact("abcdefghi")).toBe("***");
    expect(redactorOf("abcdef").redact("abcdefabcdef")).toBe("******");
  });

  it("hides the lines of a secret that has several, but not its frame", () => {
    const key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\r\nhkiG9w0BAQEFAASC\nend\n-----END KEY-----\n";
    const { redact } = redactorOf(key);
    expect(redact(`  > MIIEvQIBADANBgkq`)).toBe("  > ***");
    expect(redact("-----BEGIN KEY----- the end hkiG9w0BAQEFAASC")).toBe("-----BEGIN KEY----- the end ***");
    expect(redact(`key: ${key}.`)).toBe("key: ***.");
  });

  it.each([
    ["wrapped at 76", 76, "\n"],
    ["wrapped at 64, with other line ends and an indent", 64, "\r\n    "],
    ["wrapped at 76, in JSON", 76, String.raw`\n`],
  ])("hides base64 and hex that are %s", (_, width, lineEnd) => {
    const long = `${"correct horse battery staple ".repeat(9)}!`;
    const { redact } = redactorOf(long);
    for (const before of ["", "u", "us", "user:", "x".repeat(70)])
      for (const encoding of ["base64", "base64url", "hex"] as const) {
        const encoded = Buffer.from(`${before}${long} after`).toString(encoding);
        const lines = encoded.match(new RegExp(`.{1,${width}}`, "g")) ?? [];
        const shown = redact(`key:${lineEnd}${lines.join(lineEnd)}${lineEnd}end`);
        expect(shown).toMatch(/^key:.*\*\*\*.*end$/s);
        const left = Buffer.from(shown.replaceAll(/key:|end|\*\*\*|\\n|\s/g, ""), encoding);
        expect(left.toString("latin1")).not.toMatch(/orse|attery/);
      }
  });

  it("hides the body of a key, whole, by line and without its line breaks", () => {
    const body = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj", "MzEfYyjiWA4R4=="];
    const key = `-----BEGIN PRIVATE KEY-----\n${body.join("\n")}\n-----END PRIVATE KEY-----\n`;
    const { redact } = redactorOf(key);
    for (const text of [key, JSON.stringify(key), body.join(""), body.join("\n   "), ...body])
      expect(redact(`before ${text} after`)).not.toMatch(/MIIEvQ|BKcwgg|MzEfYy/);
  });

  it("passes over what the contract calls too short or too common, and nothing else", () => {
    const words = ["abc", "true", "False", "null", "admin", "password", "prod", "8.0"];
    const redactor = createRedactor();
    redactor.spare("prod");
    for (const word of ["", "    ", ...words]) redactor.add(word);
    expect(redactor.redact(words.join(" "))).toBe(words.join(" "));
    for (const word of ["5432", "root", "postgres", "secret", "https"])
      expect(redactorOf(word).redact(`a ${word} b`)).toBe("a *** b");
  });

  it("learns after it was asked", () => {
    const redactor = createRedactor();
    expect(redactor.redact("swordfish")).toBe("swordfish");
    redactor.add("swordfish");
    expect(redactor.redact("swordfish")).toBe("***");
    redactor.add("halibut");
    expect(redactor.redact("swordfish halibut")).toBe("*** ***");
  });
});

describe("addDeep", () => {
  it("adds every text and number, whatever its key", () => {
    const redactor = createRedactor();
    const values: Record<string, unknown> = {
      db: { username: "powo", password: "hunter22" },
      tokens: ["tok-1234", 987654321, null, true],
    };
    values.self = values;
    redactor.addDeep(values);
    expect(redactor.redact("of powo: hunter22 tok-1234 987654321 9.87654321e+08 true")).toBe(
      "of ***: *** *** *** *** true",
    );
  });

  it("takes no password for harmless because of its key", () => {
    const redactor = createRedactor();
    redactor.addDeep({
      password: { db: "dbpassword1", name: "namepassword" },
      database: "postgres://u:p4ss@host",
    });
    expect(redactor.redact("dbpassword1 namepassword postgres://u:p4ss@host")).toBe("*** *** ***");
  });
});

it("reads 20,000 lines in little time with a hundred secrets", () => {
  const redactor = createRedactor();
  for (let index = 0; index < 100; index++)
    redactor.add(`s${(index * 7919).toString(36)}-${"x".repeat(index % 30)}-${index}`);
  const line =
    "await-harvest       1 of 82  IPNI names                       done  28m    1,642,118 records ".repeat(2);
  redactor.redact(line);
  const start = performance.now();
  for (let index = 0; index < 20_000; index++) redactor.redact(line);
  const took = performance.now() - start;
  expect(took).toBeLessThan(5_000);
});
