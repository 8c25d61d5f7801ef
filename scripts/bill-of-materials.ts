/** The bundle's bill of materials (CycloneDX 1.6): what really went in, not what package.json asks for. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Metafile } from "esbuild";
import { bundledPackages } from "./third-party-notices.ts";

interface Lock {
  name: string;
  version: string;
  packages: Record<string, { version: string; integrity?: string; license?: string; resolved?: string }>;
}

/**
 * Each bundled package by name, version, licence and the hash of the archive that npm has checked. The same bundle gives the
 * same text: there is no time and no number in it. Throws for a package that the lock has no hash for.
 */
export async function billOfMaterials(root: string, metafile: Metafile): Promise<string> {
  const lock = JSON.parse(await readFile(path.join(root, "package-lock.json"), "utf8")) as Lock;
  const components = bundledPackages(metafile).map((folder) => {
    // From here on it is named as in the lock, wherever node_modules lies.
    const place = folder.slice(folder.indexOf("node_modules/"));
    const { version, integrity, license } = lock.packages[place] ?? {};
    const name = place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);
    const [, hash] = /^sha512-(\S+)$/.exec(integrity ?? "") ?? [];
    if (version === undefined || hash === undefined)
      throw new Error(`${folder} is bundled, but not in package-lock.json`);
    return {
      type: "library",
      "bom-ref": `${place}@${version}`,
      name,
      version,
      purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
      hashes: [{ alg: "SHA-512", content: Buffer.from(hash, "base64").toString("hex") }],
      ...(license !== undefined && { licenses: [{ expression: license }] }),
    };
  });
  const { name, version } = lock;
  const bill = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: { type: "application", "bom-ref": name, name, version } },
    components: components.sort((one, other) => (one["bom-ref"] < other["bom-ref"] ? -1 : 1)),
  };
  return `${JSON.stringify(bill, undefined, 2)}\n`;
}
