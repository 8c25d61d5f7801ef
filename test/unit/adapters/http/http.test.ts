import { describe, expect, it } from "vitest";
import { redactUrl, splitCredentials } from "../../../../src/adapters/http/redact-url.ts";
import { retryAfterMs } from "../../../../src/adapters/http/retry-after.ts";

describe("a shown URL", () => {
  it.each([
    ["https://user:canary@host:8443/a/b?token=canary#canary", "https://***@host:8443/a/b?***"],
    ["https://canary@host/a", "https://***@host/a"],
    ["https://host/a", "https://host/a"],
    ["canary", "(not a URL)"],
  ])("holds no secret: %s", (url, shown) => expect(redactUrl(url)).toBe(shown));
});

describe("the credentials of a URL", () => {
  it("become a header, decoded", () => {
    const { bare, authorization } = splitCredentials(new URL("https://us%40er:p%3Aw@host/a?b=c#d"));
    expect(bare.href).toBe("https://host/a?b=c");
    expect(Buffer.from(authorization?.slice(6) ?? "", "base64").toString()).toBe("us@er:p:w");
  });

  it("that aren't there become none", () => {
    expect(splitCredentials(new URL("https://host/")).authorization).toBeUndefined();
  });
});

describe("Retry-After", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  it.each([
    ["7", 7_000],
    ["Sun, 22 Nov 2026 12:00:30 GMT", 30_000],
    ["Sun, 22 Nov 2026 11:00:00 GMT", 0],
    ["999999999", 3_600_000],
    ["soon", undefined],
    [undefined, undefined],
  ])("%s is %s ms", (header, ms) => expect(retryAfterMs(header, now)).toBe(ms));
});
