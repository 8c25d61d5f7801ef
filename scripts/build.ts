/** Bundles the program into a folder: `node scripts/build.ts [folder, else dist]`. */
import { chmod, copyFile, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";
import { billOfMaterials } from "./bill-of-materials.ts";
import { thirdPartyNotices } from "./third-party-notices.ts";

const root = path.join(import.meta.dirname, "..");

/** What CommonJS packages take for granted. */
const banner = [
  'import { createRequire as $createRequire } from "node:module";',
  "const require = $createRequire(import.meta.url);",
  "const __filename = import.meta.filename;",
  "const __dirname = import.meta.dirname;",
].join("");

/**
 * Gives a CommonJS package that is loaded by `import()` its named exports, as Node does. Where it splits a bundle, esbuild
 * leaves such a package its default export alone: `const { DNS } = await import("@google-cloud/dns")` is undefined.
 */
const namedExports: Plugin = {
  name: "named-exports",
  setup(build) {
    build.onResolve({ filter: /^[^.]/ }, async ({ path: name, kind, resolveDir, importer, pluginData }) => {
      if (kind !== "dynamic-import" || pluginData === "resolving") return undefined;
      const found = await build.resolve(name, { kind, resolveDir, importer, pluginData: "resolving" });
      if (found.external) return found;
      const exports = Object.keys((await import(found.path)) as object);
      const isCommonJs = exports.includes("module.exports");
      return isCommonJs ? { path: found.path, namespace: "named-exports", pluginData: exports } : found;
    });
    build.onLoad({ filter: /./, namespace: "named-exports" }, ({ path: file, pluginData }) => {
      const notNames = ["default", "module.exports", "__esModule"];
      const names = (pluginData as string[]).filter((name) => !notNames.includes(name));
      const contents = `const all = require(${JSON.stringify(file)}); export default all; export const { ${names.join()} } = all;`;
      return { contents, resolveDir: path.dirname(file) };
    });
  },
};

/** Builds the bundle and puts it in the folder's place. Tells what is in it. */
export async function buildProgram(dist: string): Promise<Metafile> {
  const { version } = JSON.parse(await readFile(path.join(root, "package.json"), "utf8")) as {
    version: string;
  };
  // Built beside the old one and put in its place when it is whole: a program started meanwhile gets one or the other.
  const made = `${dist}.${process.pid}`;
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ["src/main.ts"],
    outdir: made,
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    format: "esm",
    splitting: true,
    platform: "node",
    target: "node24",
    // Names stay: the stack of a bug is read by people.
    minifyWhitespace: true,
    minifySyntax: true,
    // Apart: one letter of a comment that is not ASCII doubles what the text of a chunk takes in memory.
    legalComments: "external",
    plugins: [namedExports],
    banner: { js: banner },
    define: { POWO_BUILDER_VERSION: JSON.stringify(version) },
    metafile: true,
    logLevel: "warning",
  });
  const launcher = path.join(made, "powo-builder.js");
  await copyFile(path.join(root, "scripts", "launcher.js"), launcher);
  await chmod(launcher, 0o755);
  await writeFile(path.join(made, "THIRD-PARTY-NOTICES"), await thirdPartyNotices(root, metafile));
  // Scanners look for this ending in an image.
  await writeFile(path.join(made, "bundle.cdx.json"), await billOfMaterials(root, metafile));
  await rm(dist, { recursive: true, force: true });
  await rename(made, dist);
  return metafile;
}

if (import.meta.main) {
  const dist = path.resolve(process.argv[2] ?? path.join(root, "dist"));
  const { outputs } = await buildProgram(dist);
  const bytes = Object.values(outputs).reduce((sum, output) => sum + output.bytes, 0);
  console.log(`${path.relative(process.cwd(), dist)}: ${(bytes / 1e6).toFixed(1)} MB`);
}
