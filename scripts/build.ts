/** Bundles the program: one entry, a chunk per verb, and the launcher. `node scripts/build.ts [folder, else dist]` */
import { chmod, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";
import { leanBundle } from "./lean-bundle.ts";

const root = path.join(import.meta.dirname, "..");
const dist = path.resolve(process.argv[2] ?? path.join(root, "dist"));
const { version } = JSON.parse(await readFile(path.join(root, "package.json"), "utf8")) as {
  version: string;
};

/** What CommonJS packages take for granted. */
const banner = [
  'import { createRequire as $createRequire } from "node:module";',
  "const require = $createRequire(import.meta.url);",
  "const __filename = import.meta.filename;",
  "const __dirname = import.meta.dirname;",
].join("");

/** To a shell the program; to Node a string and a comment. The project's own Node comes first, then PATH's. */
const shellLines = `#!/bin/sh
":" //; self=$(readlink -f -- "$0" 2>/dev/null || printf %s "$0"); node="\${self%/*}/../node_modules/node/bin/node"; [ -x "$node" ] || node=node; exec "$node" "$self" "$@"
`;

// Made beside the old one and put in its place when it is whole: who starts the program meanwhile gets one or the other.
const made = `${dist}.${process.pid}`;
await build({
  entryPoints: [path.join(root, "src", "main.ts")],
  outdir: made,
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  format: "esm",
  splitting: true,
  platform: "node",
  target: "node22",
  minify: true,
  // Error classes are known by their names.
  keepNames: true,
  legalComments: "none",
  plugins: [leanBundle],
  banner: { js: banner },
  define: { POWO_BUILDER_VERSION: JSON.stringify(version) },
  logLevel: "warning",
});
const launcher = path.join(made, "powo-builder.js");
await writeFile(launcher, shellLines + (await readFile(path.join(root, "scripts", "launcher.js"), "utf8")));
await chmod(launcher, 0o755);

let bytes = 0;
for (const entry of await readdir(made, { recursive: true, withFileTypes: true })) {
  if (entry.isFile()) bytes += (await stat(path.join(entry.parentPath, entry.name))).size;
}
await rm(dist, { recursive: true, force: true });
await rename(made, dist);
console.log(`dist: ${(bytes / 1e6).toFixed(1)} MB, version ${version}`);
