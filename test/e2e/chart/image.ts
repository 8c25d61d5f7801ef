/** The real Dockerfile, built without any registry: a base from debootstrap, Node and Helm from npm packages. */
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { requireBinaries } from "../../tools/binaries.ts";
import { removeFolder } from "../../tools/remove-folder.ts";

const root = path.resolve(import.meta.dirname, "../../..");
/** Debian's name of the base: the same as the Dockerfile's. */
export const suite = /^ARG BASE_IMAGE=\S+-(\w+)-slim@/m.exec(
  await readFile(path.join(root, "Dockerfile"), "utf8"),
)![1]!;
const base = `localhost/powo-base:${suite}`;
/** Plain copies instead of overlays: works inside containers, too. */
const environment = { STORAGE_DRIVER: "vfs" };

export const buildah = (...args: string[]) =>
  execa("buildah", args, { env: environment, cwd: root, all: true });

/** Why no image can be built here; undefined when one can. */
export async function whyNoImage(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return "needs root";
  for (const tool of ["buildah", "debootstrap"]) {
    const { failed } = await execa(tool, ["--version"], { reject: false });
    if (failed) return `needs ${tool}`;
  }
  return undefined;
}

/**
 * The reason for which tests are skipped. With POWO_E2E_IMAGE=1 somebody counts on them: then a reason is an error.
 */
export function unlessRequired(why: string | undefined): string | undefined {
  if (why !== undefined && process.env["POWO_E2E_IMAGE"] === "1")
    throw new Error(`POWO_E2E_IMAGE=1, but the image can't be made or run here: ${why}`);
  return why;
}

/** A Debian with Node 24, as the image of the Dockerfile is one; made once (40 s), then kept by buildah. */
async function ensureBase(): Promise<void> {
  const present = await execa("buildah", ["inspect", "--type", "image", base], {
    env: environment,
    reject: false,
  });
  if (!present.failed) return;
  const directory = await mkdtemp(path.join(tmpdir(), "powo-base-"));
  try {
    const system = path.join(directory, "root");
    await execa("debootstrap", ["--variant=minbase", suite, system]);
    await copyFile(path.join(root, "node_modules/.bin/node"), path.join(system, "usr/local/bin/node"));
    await writeFile(path.join(directory, "Containerfile"), "FROM scratch\nADD root/ /\n");
    await buildah(
      "bud",
      "--isolation",
      "chroot",
      "-t",
      base,
      "-f",
      path.join(directory, "Containerfile"),
      directory,
    );
  } finally {
    await removeFolder(directory);
  }
}

/** Builds the image under this name from a fresh bundle, on the layers of the build before where nothing has changed. */
export async function buildImage(name: string): Promise<void> {
  await ensureBase();
  const before = await imageId(name);
  const { helm } = await requireBinaries();
  await execa("npm", ["run", "build"], { cwd: root });
  const args = [`BASE_IMAGE=${base}`, `HELM_BINARY=${path.relative(root, helm)}`, "VERSION=1.0.0"];
  await buildah(
    "bud",
    "--layers",
    "--isolation",
    "chroot",
    ...args.flatMap((arg) => ["--build-arg", arg]),
    "-t",
    name,
    ".",
  );
  // Nobody asks for the one whose name was taken, and its layers are large.
  if (before !== undefined && before !== (await imageId(name)))
    await buildah("rmi", before).catch(() => undefined);
}

async function imageId(name: string): Promise<string | undefined> {
  const { failed, stdout } = await execa("buildah", ["images", "--quiet", "--no-trunc", name], {
    env: environment,
    reject: false,
  });
  return failed ? undefined : stdout.trim();
}

/** Writes the image as an archive that a cluster can import (`docker save`'s and OCI's form). */
export async function saveImage(name: string, file: string): Promise<void> {
  await rm(file, { force: true });
  await buildah("push", name, `oci-archive:${file}:${name}`);
}

/** Bytes of the compressed layers that the Dockerfile adds to its base. */
export async function addedBytes(name: string): Promise<number> {
  const directory = await mkdtemp(path.join(tmpdir(), "powo-oci-"));
  try {
    await buildah("push", name, `oci:${directory}:image`);
    const blob = async (digest: string) =>
      JSON.parse(await readFile(path.join(directory, "blobs/sha256", digest.replace("sha256:", "")), "utf8"));
    const index = JSON.parse(await readFile(path.join(directory, "index.json"), "utf8"));
    const layers: { size: number }[] = (await blob(index.manifests[0].digest)).layers;
    return layers.slice(1).reduce((sum, layer) => sum + layer.size, 0);
  } finally {
    await removeFolder(directory);
  }
}

/** Runs a command in a container of the image, as the image's user; standard output and error, and the exit code. */
export async function runInImage(name: string, command: string[]) {
  const { stdout: container } = await buildah("from", name);
  try {
    return await execa("buildah", ["run", "--isolation", "chroot", container, "--", ...command], {
      env: environment,
      all: true,
      reject: false,
    });
  } finally {
    await buildah("rm", container);
  }
}
