/** Reads CHANGELOG.md. By itself it prints what is new in the version of package.json, for the page of the release. */
import { readFile } from "node:fs/promises";

/** What a version's section says, without its heading. Throws when there is no such section. */
export function notesOf(version: string, changelog: string): string {
  const [, ...sections] = changelog.split(/^## /m);
  const section = sections.find((text) => text.split("\n", 1)[0]?.trim() === version);
  if (section === undefined) throw new Error(`CHANGELOG.md has no section "## ${version}"`);
  return `${section.slice(section.indexOf("\n")).trim()}\n`;
}

/** The bullets of notes, each on one line. */
export function bulletsOf(notes: string): string[] {
  const [, ...bullets] = notes.split(/^- /m);
  return bullets.map((bullet) => bullet.trim().replaceAll(/\s+/g, " "));
}

const read = (name: string) => readFile(new URL(`../${name}`, import.meta.url), "utf8");

if (import.meta.main) {
  const { version } = JSON.parse(await read("package.json")) as { version: string };
  process.stdout.write(notesOf(version, await read("CHANGELOG.md")));
}
