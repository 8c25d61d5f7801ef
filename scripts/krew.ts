/** Packs the plugin for krew: an archive and the manifest that names it. By itself: `krew.ts FOLDER URI-OF-THE-ARCHIVE HOMEPAGE`. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { stringify } from "yaml";

const files = ["kubectl-powo", "kubectl_complete-powo"];
const root = path.resolve(import.meta.dirname, "..");

/** The same files give the same bytes: no time, no owner, one mode (GNU tar's own flags; gzip without a time). */
export function archiveOfPlugin(): Buffer {
  const plain = ["--format=ustar", "--mode=0755", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  const args = ["--create", ...plain, "--directory", path.join(root, "plugin"), ...files];
  return gzipSync(execFileSync("tar", args), { level: 9 });
}

/** The manifest, krew's v1alpha2 (krew.sigs.k8s.io, "Writing Krew plugin manifests"); `uri` is where the archive will be. */
export function manifestOf(
  archive: Buffer,
  where: { version: string; uri: string; homepage: string },
): string {
  const sha256 = createHash("sha256").update(archive).digest("hex");
  const platform = (os: string) => ({
    selector: { matchLabels: { os } },
    uri: where.uri,
    sha256,
    bin: "kubectl-powo",
    files: files.map((from) => ({ from, to: "." })),
  });
  return stringify({
    apiVersion: "krew.googlecontainertools.github.com/v1alpha2",
    kind: "Plugin",
    metadata: { name: "powo" },
    spec: {
      version: `v${where.version}`,
      homepage: where.homepage,
      shortDescription: "Operate powo-builder with one line each",
      description:
        "Runs a verb of powo-builder (status, run, approve, rollback and others) as a Job, follows its log across pods, and exits with its exit code.\n",
      caveats:
        "You need the Role that the chart's value `operators` binds.\nFor completion, put kubectl_complete-powo, which comes with the plugin, in your PATH.\n",
      platforms: ["linux", "darwin"].map(platform),
    },
  });
}

if (import.meta.main) {
  const [folder, uri, homepage] = process.argv.slice(2);
  if (!folder || !uri || !homepage) throw new Error("usage: krew.ts FOLDER URI HOMEPAGE");
  const { version } = JSON.parse(await readFile(path.join(root, "package.json"), "utf8")) as {
    version: string;
  };
  const archive = archiveOfPlugin();
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "kubectl-powo.tar.gz"), archive);
  await writeFile(path.join(folder, "powo.yaml"), manifestOf(archive, { version, uri, homepage }));
}
