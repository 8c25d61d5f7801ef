/** What somebody sees who looks in at a run at work: its live page, and what `kubectl powo status` says. */
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { EmbeddedWorld } from "../embedded-world.ts";
import type { InstalledBuilder } from "../world/installed-builder.ts";
import type { Checked } from "./show.ts";

const pageLine = / page +(?:.*on this machine: (http:\/\/127\.0\.0\.1:\d+)|not served, )/;
const harvesting = /await-harvest +\d+ of \d+ /;

/** Where the live page of the next pod is, once that pod harvests. */
export async function nextPage({ until }: EmbeddedWorld, builder: InstalledBuilder): Promise<string> {
  const pods = builder.containers.length;
  const line = (pattern: RegExp) =>
    until("a pod that harvests", () => {
      const lines = builder.containers[pods]?.log.lines ?? [];
      return lines.map(({ text }) => pattern.exec(text)).find((found) => found !== null);
    });
  await line(harvesting);
  return (await line(pageLine))[1] ?? "";
}

/** Looks in at a run whose page is at `url`; `show` is told what is to be seen. */
export async function lookIn(
  url: string,
  builder: InstalledBuilder,
  show: (headline: string, ...lines: string[]) => void,
): Promise<Checked> {
  const page = await pageAt(url);
  const status = builder.type("status");
  const code = await status.exit;
  show(
    "Meanwhile, in another terminal:",
    "$ kubectl powo status",
    ...status.output().trimEnd().split("\n"),
    `and the live page is at ${url} (in a cluster, kubectl powo open leads to it)`,
  );
  const step = /\d+ of \d+ · await-harvest · \d+ of \d+/.exec(page)?.[0];
  return {
    held: step !== undefined && code === 0 && /^run .* → /m.test(status.output()),
    text:
      step === undefined
        ? `the live page did not show the step: ${page.slice(0, 200)}`
        : `the live page showed the run in mid-harvest: step ${step}`,
  };
}

/** Pods have a port 8484 of their own; here it may be somebody else's, and the page goes to one that is free. */
export async function placeOfThePage(): Promise<{ metrics?: { port: number | undefined } }> {
  const isFree = (await portOf(8484)) !== undefined;
  return isFree ? {} : { metrics: { port: await portOf(0) } };
}

/** The port that could be had, any for 0; undefined where it is taken. */
const portOf = (wanted: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(wanted, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** The page, once it has got as far as the harvest; an answer is good for a second. */
async function pageAt(url: string): Promise<string> {
  let page = url === "" ? "it was not served" : "";
  for (let tries = 0; url !== "" && tries < 3 && !page.includes("· await-harvest ·"); tries += 1) {
    if (tries > 0) await sleep(1_100);
    page = await fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
      (answer) => answer.text(),
      (error: unknown) => String(error),
    );
  }
  return page;
}
