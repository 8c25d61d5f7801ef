/** The plugin as krew takes it: the archive, the manifest by krew's own rules, and what lies there once it is installed. */
import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readFile, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";
import * as z from "zod";
import { archiveOfPlugin } from "../../../scripts/krew.ts";
import { removeFolder } from "../../tools/remove-folder.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const dir = await mkdtemp(path.join(tmpdir(), "powo-krew-"));
afterAll(() => removeFolder(dir));

const filled = z.string().min(1);
/** What krew refuses (internal/index/validation), and its index asks for: short words, https, nothing unknown. */
const krewManifest = z.strictObject({
  apiVersion: z.literal("krew.googlecontainertools.github.com/v1alpha2"),
  kind: z.literal("Plugin"),
  metadata: z.strictObject({ name: z.literal("powo") }),
  spec: z.strictObject({
    version: z.string().regex(/^v\d+\.\d+\.\d+(-[\w.]+)?$/),
    homepage: z.url({ protocol: /^https$/ }),
    shortDescription: z.string().regex(/^[^\r\n]{1,50}$/),
    description: filled,
    caveats: filled,
    platforms: z
      .array(
        z.strictObject({
          selector: z.strictObject({ matchLabels: z.strictObject({ os: z.enum(["linux", "darwin"]) }) }),
          uri: z.url({ protocol: /^https$/ }),
          sha256: z.string().regex(/^[a-f0-9]{64}$/),
          bin: filled,
          files: z.array(z.strictObject({ from: filled, to: filled })).min(1),
        }),
      )
      .length(2),
  }),
});

test("is packed to the same bytes each time, and runs from where krew puts it", async () => {
  const uri = "https://packages.example.org/kubectl-powo.tar.gz";
  const args = [path.join(root, "scripts/krew.ts"), dir, uri, "https://example.org/powo-builder"];
  await execa(process.execPath, args);
  const archive = await readFile(path.join(dir, "kubectl-powo.tar.gz"));
  expect(archive.equals(archiveOfPlugin())).toBe(true);
  const manifest = krewManifest.parse(parse(await readFile(path.join(dir, "powo.yaml"), "utf8")));
  const unpacked = path.join(dir, "unpacked");
  await mkdir(unpacked);
  await execa("tar", ["-xzf", path.join(dir, "kubectl-powo.tar.gz"), "-C", unpacked]);
  for (const { selector, uri: named, sha256, bin, files } of manifest.spec.platforms) {
    expect(named).toBe(uri);
    expect(sha256).toBe(createHash("sha256").update(archive).digest("hex"));
    const store = path.join(dir, `store-${selector.matchLabels.os}`);
    await mkdir(path.join(store, "bin"), { recursive: true });
    for (const { from, to } of files) {
      // krew: "." keeps the name.
      await copyFile(path.join(unpacked, from), path.join(store, to === "." ? from : to));
    }
    const link = path.join(store, "bin/kubectl-powo");
    await symlink(path.join(store, bin), link);
    expect((await execa(link, ["--help"])).stdout).toContain("kubectl powo open");
  }
});
