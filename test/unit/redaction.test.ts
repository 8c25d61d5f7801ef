import { describe, expect, it } from "vitest";
import { createRedactor } from "../../src/redaction.ts";
import { fc } from "../fast-check.ts";

function redactorOf(...secrets: string[]) {
  const redactor = createRedactor();
  for (const secret of secrets) redactor.add(secret);
  return redactor;
}

const secret = 'p@ss w"rd/\\<ü>+';

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

  it("passes over what is too short or too common", () => {
    const { redact } = redactorOf("", "abc", "true", "False", "admin", "password", "5432", "    ", "8.0");
    expect(redact("abc true False admin password 5432      8.0")).toBe(
      "abc true False admin password 5432      8.0",
    );
    expect(redactorOf("543210").redact("pin 543210")).toBe("pin ***");
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
  it("adds every text and long number, but no user names", () => {
    const redactor = createRedactor();
    const values: Record<string, unknown> = {
      db: { username: "powo", password: "hunter22" },
      tokens: ["tok-1234", 987654321, null, true],
    };
    values.self = values;
    redactor.addDeep(values);
    expect(redactor.redact("powo-builder hunter22 tok-1234 987654321 true")).toBe(
      "powo-builder *** *** *** true",
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
