/** The page in headless Chromium, where one is installed. REPORT_SHOTS=folder keeps the pictures. */
import { execFile, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openServer } from "../../../src/adapters/page/server.ts";
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

async function browse(
  page: string,
  flags: readonly string[],
  from: "stdout" | "stderr" = "stdout",
): Promise<string> {
  runs += 1;
  const file = path.join(folder, `page-${runs}.html`);
  writeFileSync(file, page);
  const own = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"];
  const profile = `--user-data-dir=${path.join(folder, `profile-${runs}`)}`;
  const said = await run(chromium ?? "", [...own, profile, "--hide-scrollbars", ...flags, `file://${file}`], {
    maxBuffer: 50_000_000,
    timeout: 50_000,
  });
  return said[from];
}

/** Black on white is 21, and what can be read without effort at least 4.5 (WCAG 2.2, 1.4.3). */
const leastContrast = 4.5;
const widths = [390, 1280] as const;
interface Look {
  needed: number;
  height: number;
  wide: string[];
  pale: string[];
  commands: { text: string; font: string; select: string }[];
}

/** What the browser measures of a page in a frame. */
const measure = String.raw`(frame) => {
  const page = frame.contentDocument;
  const styleOf = (element) => page.defaultView.getComputedStyle(element);
  const numbers = (color) => color.match(/[\d.]+/g).map(Number);
  const light = (color) => {
    const [red, green, blue] = numbers(color).map((part) =>
      part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    const color = styleOf(element).backgroundColor;
    return numbers(color)[3] === 0 && element.parentElement ? behind(element.parentElement) : color;
  };
  const all = [...page.querySelectorAll("body *")];
  const says = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  const pale = all.filter(says).flatMap((element) => {
    const [one, other] = [light(styleOf(element).color), light(behind(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    return contrast < ${leastContrast} ? [contrast.toFixed(1) + ": " + element.outerHTML.slice(0, 120)] : [];
  });
  const sticksOut = (element) => element.getBoundingClientRect().right > frame.clientWidth + 1;
  return {
    needed: page.documentElement.scrollWidth,
    height: page.documentElement.scrollHeight,
    wide: all.filter(sticksOut).map((one) => one.outerHTML.slice(0, 200)).slice(0, 5),
    pale: pale.slice(0, 5),
    commands: [...page.querySelectorAll("code")].map((one) => ({
      text: one.textContent, font: styleOf(one).fontFamily, select: styleOf(one).userSelect,
    })),
  };
}`;

/** What is measured of pages, each at its width, in one window: a start of Chromium takes seconds. */
async function looksOf(pages: readonly { page: string; width: number }[], flags: readonly string[]) {
  const frames = pages.map(({ page, width }) => {
    const source = page.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
    return `<iframe style="border:0;width:${width}px;height:4000px" srcdoc="${source}"></iframe>`;
  });
  const script = `addEventListener("load", () => { document.documentElement.dataset.looks = encodeURIComponent(
    JSON.stringify([...document.querySelectorAll("iframe")].map(${measure}))); })`;
  const whole = `<!doctype html><html><body>${frames.join("")}<script>${script}</script></body></html>`;
  const dom = await browse(whole, ["--dump-dom", "--window-size=1300,1000", ...flags]);
  return JSON.parse(decodeURIComponent(measured(dom, "looks") ?? "[]")) as Look[];
}

/**
 * The page inside a frame of this width (a headless window is never narrower than 500 px), with what the browser
 * measures of it: how wide it needs to be, which elements stick out, and how high the warning is after so long.
 */
function framed(page: string, width: number, laterMs = 0): string {
  const source = page.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  return `<!doctype html><html><body style="margin:0"><iframe style="border:0;width:${width}px;height:4000px" srcdoc="${source}"></iframe>
  <script>addEventListener("load", () => {
    const page = document.querySelector("iframe").contentDocument;
    const wide = [...page.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > ${width} + 1);
    document.documentElement.dataset.needed = page.documentElement.scrollWidth;
    document.documentElement.dataset.height = page.documentElement.scrollHeight;
    document.documentElement.dataset.wide = wide.slice(0, 5).map((one) => one.outerHTML.slice(0, 200)).join(" | ");
    setTimeout(() => {
      document.documentElement.dataset.old = page.querySelector(".old")?.getBoundingClientRect().height;
    }, ${laterMs});
    document.documentElement.dataset.paper = page.defaultView.getComputedStyle(page.body).backgroundColor;
  })</script></body></html>`;
}

function measured(dom: string, what: string): string | undefined {
  return new RegExp(`<html[^>]* data-${what}="([^"]*)"`).exec(dom)?.[1];
}

const refreshing = '<meta http-equiv="refresh" content="15" />';
/** As often as an answer is made anew. */
const soon = '<meta http-equiv="refresh" content="2" />';
const dark = "--blink-settings=preferredColorScheme=0";
const reports: [string, Report][] = [
  ["good", goodReport()],
  ["failed", failedReport()],
  ["rejected", rejectedReport()],
  ["running", runningReport()],
  ["harvest", liveReport()],
  ["approval", waitingReport("waiting-approval", "for approval until 25 Nov 12:00 UTC, then the run fails")],
  [
    "drain",
    waitingReport(
      "running",
      "until Sun 18:20 UTC for resolvers to forget the old addresses; until Sun 18:25 UTC",
    ),
  ],
];

/** What a builder serves before and after its swap. */
function waitingReport(phase: Report["phase"], wait: string): Report {
  const { now, ...report } = liveReport();
  const rows = [...now!.rows.slice(0, 1), ["waits", wait] as const, ...now!.rows.slice(3)];
  return { ...report, phase, now: { share: 0.75, rows } };
}

/** What a builder serves in mid-harvest, with the longest that a row can hold. */
function liveReport(): Report {
  const rows: [string, string][] = [
    [
      "live",
      "prod-j8x91 · since 15 Nov 07:33 · direct update: helm upgrade -n prod-j8x91 -f secrets.yaml powo/",
    ],
    ["step", "5 of 8 · await-harvest · 41 of 82 · expected Mon 07:43"],
    ["now", `Flora ${"ofTropicalEastAfrica".repeat(6)} · 12,345 records · running 14m (usually 17m)`],
    ["follow", `kubectl logs -f -n builder-prod job/${"builder-29384756-x7k2p".repeat(4)}`],
    ["abort", "kubectl powo abort -n builder-prod"],
  ];
  return { ...runningReport(), now: { share: 0.5, rows } };
}

it("says how long the run has been under way, not how long it has been at its step", () => {
  expect(renderReport(runningReport())).toMatch(/At await-harvest, \d[\w ]* after the run began;/);
});

describe.skipIf(chromium === undefined)("in Chromium", () => {
  describe.each([
    ["light", []],
    ["dark", [dark]],
  ] as const)("%s", (look, flags) => {
    const shown = reports.flatMap(([name, report]) => widths.map((width) => ({ name, report, width })));
    let seen: Look[];
    beforeAll(async () => {
      seen = await looksOf(
        shown.map(({ report, width }) => ({ page: renderReport(report), width })),
        flags,
      );
    }, 60_000);

    it.each(shown.map((one, index) => [one.name, one.width, { ...one, index }] as const))(
      "a %s run fits a screen of %i px, can be read, and its commands be copied",
      async (name, width, { report, index }) => {
        const { needed, height, wide, pale, commands } = seen[index]!;
        expect(wide).toEqual([]);
        expect(needed).toBeLessThanOrEqual(width);
        expect(height).toBeGreaterThan(800);
        expect(pale).toEqual([]);
        const { now, failure } = report;
        expect(commands).toHaveLength(now ? 3 : failure ? 1 : 0);
        for (const command of commands)
          expect(command).toEqual({
            text: expect.stringMatching(/^(kubectl|helm) \S+ [^;]*[\w/]$/) as string,
            font: expect.stringContaining("monospace") as string,
            select: "all",
          });
        const shots = process.env["REPORT_SHOTS"];
        if (!shots) return;
        mkdirSync(shots, { recursive: true });
        const shot = `--screenshot=${path.join(path.resolve(shots), `${name}-${width}-${look}.png`)}`;
        const page = framed(renderReport(report), width);
        await browse(page, [shot, ...flags, `--window-size=${Math.max(width, 500)},2600`]);
      },
    );
  });

  it("what is too pale to be read would be seen", async () => {
    const page = renderReport(goodReport()).replace("--text:#1c211b", "--text:#999");
    const [look] = await looksOf([{ page, width: 390 }], []);
    expect(look?.pale[0]).toMatch(/^2\.\d: /);
  });

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

  it.each([
    ["shows no warning while it is fresh", 10_000, 0],
    ["says in red that it is old after a minute without an answer", 65_000, 20],
  ])("a live page %s", async (_, laterMs, least) => {
    const page = renderReport(liveReport()).replace(refreshing, "");
    const budget = `--virtual-time-budget=${laterMs + 5_000}`;
    const dom = await browse(framed(page, 390, laterMs), ["--dump-dom", budget]);
    const height = Number(measured(dom, "old"));
    if (least === 0) expect(height).toBe(0);
    else expect(height).toBeGreaterThan(least);
  });

  it("a live page asks again by itself, and offends none of the rules it is served with", async () => {
    let asked = 0;
    const text = renderReport(liveReport());
    expect(text).toContain(refreshing);
    const pages = {
      "/": async () => {
        asked += 1;
        return { type: "text/html; charset=utf-8", text: text.replace(refreshing, soon) };
      },
    };
    const server = await openServer({ isPublic: false, port: 0, log: { warn: () => undefined }, pages });
    const profile = `--user-data-dir=${path.join(folder, "profile-live")}`;
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"];
    const child = spawn(chromium ?? "", [...flags, profile, server.url], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
    const ended = new Promise((resolve) => child.on("close", resolve));
    try {
      await expect.poll(() => asked, { timeout: 40_000 }).toBeGreaterThanOrEqual(3);
      expect(said).not.toMatch(/CONSOLE|Content Security Policy/);
    } finally {
      child.kill();
      await ended;
      await server.close();
    }
  });

  it("what the browser complains about would be seen", async () => {
    const page = renderReport(liveReport())
      .replace(refreshing, "")
      .replace("</main>", "<script>1</script></main>");
    const dom = await browse(page, ["--dump-dom", "--enable-logging=stderr"], "stderr");
    expect(dom).toMatch(/CONSOLE.*Content Security Policy/);
  });
});
