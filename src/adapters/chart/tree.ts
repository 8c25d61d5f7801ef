/** A folder as a digest and a copy: what was looked at is what is used, whatever happens to the original. */
import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { ConfigError } from "../../errors.ts";
import { maxBytes, tooLarge } from "./size.ts";

interface TreeFile {
  /** With slashes, relative to the folder. */
  relative: string;
  /** Where links lead. */
  real: string;
}

/**
 * All files of a folder, sorted by path; links are followed. Throws ConfigError for a link that leads out of it, and
 * when it is larger than 200 MiB.
 */
export async function listTree(dir: string): Promise<TreeFile[]> {
  const root = await realpath(dir);
  const files: TreeFile[] = [];
  let bytes = 0;
  const visit = async (folder: string, relative: string, above: ReadonlySet<string>): Promise<void> => {
    for (const name of await readdir(folder)) {
      if (relative === "" && name === ".git") continue;
      const shown = relative === "" ? name : `${relative}/${name}`;
      const real = await resolveInside(root, path.join(folder, name), shown);
      const stats = await stat(real);
      if (stats.isDirectory()) {
        if (above.has(real)) throw refuse(`link ${shown} leads in a circle; remove it`);
        await visit(real, shown, new Set([...above, real]));
      } else if (stats.isFile()) {
        bytes += stats.size;
        if (bytes > maxBytes) throw tooLarge();
        files.push({ relative: shown, real });
      } else throw refuse(`${shown} is neither file nor folder; remove it`);
    }
  };
  await visit(root, "", new Set([root]));
  return files.sort((a, b) => (a.relative < b.relative ? -1 : 1));
}

async function resolveInside(root: string, file: string, shown: string): Promise<string> {
  const real = await realpath(file).catch(() => undefined);
  if (real === undefined) throw refuse(`link ${shown} leads nowhere; remove it, or add what it names`);
  if (real !== root && !real.startsWith(root + path.sep))
    throw refuse(`link ${shown} leads out of the chart; put the file itself there`);
  return real;
}

/** `sha256:…` over sorted relative paths and contents. Throws as listTree does. */
export async function digestTree(dir: string): Promise<string> {
  const hash = createHash("sha256");
  for (const { relative, real } of await listTree(dir)) addFile(hash, relative, await readFile(real));
  return `sha256:${hash.digest("hex")}`;
}

/** Copies a folder with links resolved. Throws as listTree does. */
export async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const { relative, real } of await listTree(from)) {
    const target = path.join(to, relative);
    await mkdir(path.dirname(target), { recursive: true });
    await copyFile(real, target);
  }
}

/** sha256 over some files: their names, lengths and contents. */
export async function digestFiles(files: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files) addFile(hash, path.basename(file), await readFile(file));
  return hash.digest("hex");
}

/** Lengths keep the end of one from passing for the beginning of the next. */
function addFile(hash: ReturnType<typeof createHash>, name: string, content: Buffer): void {
  hash.update(`${Buffer.byteLength(name)}:${name}:${content.length}:`).update(content);
}

function refuse(what: string): ConfigError {
  return new ConfigError([{ where: "the chart", what }]);
}
