/** What somebody sees who looks in at a builder at work: its live page, and what `status` says. */
import { setTimeout as sleep } from "node:timers/promises";
import type { BuilderProcess } from "../world/builder-process.ts";
import type { Checked } from "./show.ts";

const pageLine = /on this machine: (http:\/\/127\.0\.0\.1:\d+)/;

/** Looks at the page of a builder that harvests; `show` is told what is to be seen. */
export async function lookIn(
  builder: BuilderProcess,
  askStatus: () => BuilderProcess,
  show: (headline: string, ...lines: string[]) => void,
): Promise<Checked> {
  await builder.line(/await-harvest +\d+ of \d+ /);
  const url = pageLine.exec(builder.output())?.[1];
  const page = await pageAt(url);
  const status = askStatus();
  const code = await status.exit;
  show(
    `Meanwhile, a look in: the live page is at ${url ?? "no address"} (with the plugin: kubectl powo open), and status says:`,
    ...status.output().trimEnd().split("\n"),
  );
  const step = /\d+ of \d+ · await-harvest · \d+ of \d+/.exec(page)?.[0];
  return {
    held: step !== undefined && code === 0 && status.output().includes("await-harvest"),
    text:
      step === undefined
        ? `the live page did not show the step: ${page.slice(0, 200)}`
        : `the live page showed the run in mid-harvest: step ${step}`,
  };
}

/** The page, once it has got as far as the harvest; an answer is good for a second. */
async function pageAt(url: string | undefined): Promise<string> {
  if (url === undefined) return "no line of the log says where it is";
  let page = "";
  for (let tries = 0; tries < 3 && !page.includes("· await-harvest ·"); tries += 1) {
    if (tries > 0) await sleep(1_100);
    page = await fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
      (answer) => answer.text(),
      (error: unknown) => String(error),
    );
  }
  return page;
}
