/** Licences of the packages that the bundle contains: most ask that their text goes with every copy. */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { Metafile } from "esbuild";

/** Published without any licence text: what they say of themselves has to do. */
export const withoutText: readonly string[] = ["@google-cloud/dns", "stream-events", "stubs"];

interface Package {
  name: string;
  version: string;
  license: string;
  author?: string | { name: string };
}

/** The folders of all packages of which something is in the bundle, relative to the root. */
export function bundledPackages({ outputs }: Metafile): string[] {
  const files = Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs));
  const folders = files.map((file) => /^[^:]*node_modules\/(@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0]);
  return [...new Set(folders.filter((folder) => folder !== undefined))];
}

/** Each package once by name, version and licence, above its texts; equal texts stand once. Throws where one is missing. */
export async function thirdPartyNotices(root: string, metafile: Metafile): Promise<string> {
  const titlesOf = new Map<string, Set<string>>();
  for (const folder of bundledPackages(metafile)) {
    const found = JSON.parse(await readFile(path.join(root, folder, "package.json"), "utf8")) as Package;
    const text = await licenceText(path.join(root, folder), found);
    titlesOf.set(
      text,
      (titlesOf.get(text) ?? new Set()).add(`${found.name} ${found.version} (${found.license})`),
    );
  }
  const sections = [...titlesOf].map(([text, titles]) => `${[...titles].sort().join("\n")}\n\n${text}\n`);
  return [`powo-builder contains these packages under their own licences.\n`, ...sections.sort()].join(
    `\n${"-".repeat(80)}\n\n`,
  );
}

async function licenceText(folder: string, { name, license, author = "" }: Package): Promise<string> {
  const names = await readdir(folder);
  const texts = names.filter((file) => /^((un)?licen[cs]e|copying|notice)/i.test(file)).sort();
  const read = async (file: string) =>
    (await readFile(path.join(folder, file), "utf8")).replaceAll("\r", "").trim();
  if (texts.length > 0) return (await Promise.all(texts.map(read))).join("\n\n");
  // Some have their licence at the end of the page that introduces them.
  const readme = names.find((file) => /^readme/i.test(file));
  const section =
    readme && /^#* *Licen[cs]e\n[^]*?(Permission is hereby granted[^]*)/im.exec(await read(readme))?.[0];
  if (section) return section;
  if (!withoutText.includes(name)) throw new Error(`${name} is bundled, but has no licence text`);
  return `Its package names ${license}, by ${typeof author === "string" ? author : author.name}, and has no text of the licence.`;
}
