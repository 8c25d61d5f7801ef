/** Writes docs/configuration.md from the table of settings: `npm run docs`. */
import { writeFile } from "node:fs/promises";
import { format, resolveConfig } from "prettier";
import { configurationPage } from "../src/config/docs.ts";

export const pageFile = new URL("../docs/configuration.md", import.meta.url).pathname;

/** The page as it stands in the repository: laid out by the same formatter as everything else. */
export async function formattedPage(): Promise<string> {
  return format(configurationPage(), { ...(await resolveConfig(pageFile)), parser: "markdown" });
}

if (import.meta.main) await writeFile(pageFile, await formattedPage());
