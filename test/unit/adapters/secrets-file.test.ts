import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSecretsFile } from "../../../src/adapters/secrets-file.ts";
import { ConfigError } from "../../../src/errors.ts";
import { removeFolder } from "../../tools/remove-folder.ts";

describe("the secrets file", () => {
  let dir: string;
  beforeAll(async () => void (dir = await mkdtemp(path.join(tmpdir(), "powo-secrets-"))));
  afterAll(() => removeFolder(dir));

  it.each([
    ["is missing", undefined, "no such file"],
    ["is not YAML", "password: {db: canary, [", "not YAML"],
    ["has a mapping twice", "password: canary\npassword: canary", "has a key twice (line 2)"],
    ["is a list", "- canary", "is not a mapping"],
    ["is empty", "", "is not a mapping"],
    ["is a word", "canary", "is not a mapping"],
    ["holds two documents", "a: canary\n---\nb: canary", "several documents"],
    ["is too large", `a: ${"x".repeat(1024 * 1024)}`, "larger"],
  ])("is refused when it %s, without showing it", async (_, text, said) => {
    const file = path.join(dir, "secrets.yaml");
    await rm(file, { force: true });
    if (text !== undefined) await writeFile(file, text);
    const failure = await readSecretsFile(file).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    const [problem] = (failure as ConfigError).problems;
    expect(problem).toMatchObject({ where: "SECRETS_FILE" });
    expect(problem?.what).toContain(said);
    expect(problem?.what).not.toContain("canary");
  });

  it("is read as Helm reads it: merge keys, binary texts, a line of dashes at the end", async () => {
    const file = path.join(dir, "secrets.yaml");
    const text = [
      "common: &common\n  user: powo\n  db: first",
      "password:\n  <<: *common\n  db: second",
      "  harvester: !!binary c2VjcmV0Cg==\n---\n",
    ].join("\n");
    await writeFile(file, text);
    expect((await readSecretsFile(file)).values).toEqual({
      common: { user: "powo", db: "first" },
      password: { user: "powo", db: "second", harvester: "secret\n" },
    });
  });
});
