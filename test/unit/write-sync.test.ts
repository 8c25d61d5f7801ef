import { closeSync, existsSync, openSync } from "node:fs";
import { expect, it } from "vitest";
import { writeFully } from "../../src/write-sync.ts";

it.skipIf(!existsSync("/dev/full"))("loses what it can't write to a full disk, and nothing else", () => {
  const full = openSync("/dev/full", "w");
  expect(() => writeFully(full, "a line\n")).not.toThrow();
  closeSync(full);
});
