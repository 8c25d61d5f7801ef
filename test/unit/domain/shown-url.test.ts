import { expect, test } from "vitest";
import { shownUrl } from "../../../src/domain/shown-url.ts";

test.each([
  ["https://host/path", "https://host/path"],
  ["https://user:pass@host/path", "https://***@host/path"],
  ["https://token@host:8080/path?a=b#c", "https://***@host:8080/path?***"],
  ["https://user:canary@host:8443/a/b?token=canary#canary", "https://***@host:8443/a/b?***"],
  ["https://p@ss@host/", "https://***@host/"],
  ["ssh://git@host/repo.git", "ssh://git@host/repo.git"],
  ["ssh://git:pass@host/repo.git", "ssh://***@host/repo.git"],
  ["git@host:group/repo.git", "git@host:group/repo.git"],
  ["/charts/what?", "/charts/what?"],
  ["", ""],
])("%j is shown as %j", (url, shown) => {
  expect(shownUrl(url)).toBe(shown);
});
