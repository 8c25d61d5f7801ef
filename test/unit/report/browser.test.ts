/** The page in headless Chromium, where one is installed. REPORT_SHOTS=folder keeps the pictures. */
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import type { Report } from "../../../src/domain/report.ts";
import { renderReport } from "../../../src/report/render-report.ts";
import { failedReport, goodReport, rejectedReport, runningReport } from "./sample.ts";
import { removeFolder } from "../../tools/remove-folder.ts";

const chromium = ["chromium", "chromium-browser", "google-chrome"].find(
  (name) => spawnSync("which", [name]).status === 0,
);
const folder = mkdtempSync(path.join(tmpdir(), "powo-report-"));
afterAll(() => removeFolder(folder));

const run = promisify(execFile);
let runs = 0;

async function browse(page: string, flags: readonly string[]): Promise<string> {
  runs += 1;
  const file = path.join(folder, `page-${runs}.html`);
  writeFileSync(file, page);
  const own = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"];
  const profile = `--user-data-dir=${path.join(folder, `profile-${runs}`)}`;
  const { stdout } = await run(
    chromium ?? "",
    [...own, profile, "--hide-scrollbars", ...flags, `file://${file}`],
    {
      maxBuffer: 50_000_000,
      timeout: 50_000,
    },
  );
  return stdout;
}

/**
 * The page inside a frame of this width (a headless window is never narrower than 500 px), with what the browser
 * measures of it: how wide it needs to be, and which elements stick out.
 */
function framed(page: string, width: number): string {
  const source = page.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  return `<!doctype html><html><body style="margin:0"><iframe style="border:0;width:${width}px;height:4000px" srcdoc="${source}"></iframe>
  <script>addEventListener("load", () => {
    const page = document.querySelector("iframe").contentDocument;
    const wide = [...page.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > ${width} + 1);
    document.documentElement.dataset.needed = page.documentElement.scrollWidth;
    document.documentElement.dataset.height = page.documentElement.scrollHeight;
    document.documentElement.dataset.wide = wide.slice(0, 5).map((one) => one.outerHTML.slice(0, 200)).join(" | ");
    document.documentElement.dataset.paper = page.defaultView.getComputedStyle(page.body).backgroundColor;
  })</script></body></html>`;
}

function measured(dom: string, what: string): string | undefined {
  return new RegExp(`<html[^>]* data-${what}="([^"]*)"`).exec(dom)?.[1];
}

const dark = "--blink-settings=preferredColorScheme=0";
const reports: [string, Report][] = [
  ["good", goodReport()],
  ["failed", failedReport()],
  ["rejected", rejectedReport()],
  ["running", runningReport()],
];

describe.skipIf(chromium === undefined)("in Chromium", () => {
  it.each(reports.flatMap(([name, report]) => [390, 1280].map((width) => [name, width, report] as const)))(
    "a %s run fits a screen of %i px",
    async (name, width, report) => {
      const page = framed(renderReport(report), width);
      const dom = await browse(page, ["--dump-dom", `--window-size=1300,1000`]);
      expect(measured(dom, "wide")).toBe("");
      expect(Number(measured(dom, "needed"))).toBeLessThanOrEqual(width);
      expect(Number(measured(dom, "height"))).toBeGreaterThan(800);
      const shots = process.env["REPORT_SHOTS"];
      if (!shots) return;
      mkdirSync(shots, { recursive: true });
      for (const [look, flags] of [
        ["light", []],
        ["dark", [dark]],
      ] as const) {
        const shot = `--screenshot=${path.join(path.resolve(shots), `${name}-${width}-${look}.png`)}`;
        await browse(page, [shot, ...flags, `--window-size=${width < 500 ? 500 : width},2600`]);
      }
    },
  );

  it("is light or dark as the reader prefers", async () => {
    const page = framed(renderReport(goodReport()), 800);
    expect(measured(await browse(page, ["--dump-dom"]), "paper")).toBe("rgb(255, 255, 255)");
    expect(measured(await browse(page, ["--dump-dom", dark]), "paper")).toBe("rgb(20, 23, 20)");
  });

  it("can be printed", async () => {
    const file = path.join(folder, "report.pdf");
    await browse(renderReport(failedReport()), [`--print-to-pdf=${file}`]);
    expect(readFileSync(file).subarray(0, 5).toString()).toBe("%PDF-");
  });
});
