import { describe, expect, it } from "vitest";
import type { Report } from "../../../src/domain/report.ts";
import { escapeHtml, html } from "../../../src/report/html.ts";
import { renderReport } from "../../../src/report/render-report.ts";
import { failedReport, goodReport, largeReport, rejectedReport, runningReport } from "./sample.ts";

const hostile = `<script>alert("x")</script>'"><img src=//evil.example/a.png onerror=alert(1)>&amp;</style></title>`;

/** The same report with every text replaced, but for what is read as a time or a key. */
function everywhere(report: Report, text: string): Report {
  const replace = (value: unknown, key = ""): unknown => {
    if (typeof value === "string")
      return /^\d{4}-\d\d-\d\dT|^await-harvest$/.test(value) || key === "phase" ? value : text;
    if (Array.isArray(value)) return value.map((item) => replace(item, key));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, replace(item, name)]));
  };
  return replace(report) as Report;
}

describe("html", () => {
  it("escapes what is put in, once, and leaves what is HTML", () => {
    expect(html`<b title="${'"<'}">${html`<i>${"a&b"}</i>`}${[html`1`, undefined, html`2`]}</b>`.html).toBe(
      '<b title="&quot;&lt;"><i>a&amp;b</i>12</b>',
    );
  });

  it("spells out what could move a terminal's cursor or turn text around", () => {
    expect(escapeHtml("a\u0000\u001b[2J\u202eb\ud800")).toBe(String.raw`a\u0000\u001b[2J\u202eb` + "\ufffd");
  });
});

describe("the page", () => {
  it.each([
    ["a run that went live", goodReport()],
    ["a failed run", failedReport()],
    ["a run under way", runningReport()],
    ["a run that a gate rejected", rejectedReport()],
  ])("of %s lets no text become markup, wherever it stands", (_, report) => {
    const page = renderReport(everywhere(report, hostile));
    const tags = (text: string) => new Set([...text.matchAll(/<\/?([a-z0-9]+)/gi)].map(([, tag]) => tag));
    // Only what its code says makes a failure show its details once, and only a command is set apart.
    const known = new Set([...tags(renderReport(report)), "pre", "code"]);
    expect([...tags(page)].filter((tag) => !known.has(tag))).toEqual([]);
    expect(page).not.toContain("<script");
    expect(page).not.toContain("<img");
    expect(page.match(/<\/style>/g)).toHaveLength(1);
    for (const [, attributes = ""] of page.matchAll(/<[a-z0-9]+([^>]*)>/gi))
      expect(attributes.replaceAll(/"[^"]*"/g, "")).not.toMatch(/['"]|onerror/);
  });

  it("loads nothing: no script, link, image or address in markup or style, and a policy that forbids it", () => {
    const page = renderReport(goodReport());
    expect(page).not.toMatch(/<(script|link|img|iframe|object|embed|base|form)\b/i);
    expect(page).not.toMatch(/\s(src|href|action|xlink:href)\s*=/i);
    const [, style = ""] = /<style>([^]*)<\/style>/.exec(page) ?? [];
    expect(style).not.toMatch(/url\(|@import|@font-face|http/i);
    expect(page).toContain(`content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;`);
  });

  it("shows what the gate counted, what was lost by source, and who accepted it why", () => {
    const page = renderReport(goodReport()).replaceAll(/\s*<[^>]+>\s*/g, "|");
    expect(page).toMatch(/\|taxa with images\|+85,607\|+170,815\|+-49\.9 %\|+153,734\|/);
    expect(page).toMatch(/\|Kew Science Photographs\|+61,882\|+0\|+-100\.0 %\|/);
    expect(page).toContain("accepted by accept-ada on 2026-11-22 12:00 UTC: photographs are shown");
    expect(renderReport(rejectedReport())).not.toContain("accepted by");
    expect(renderReport(rejectedReport())).toMatch(/<td class="n bad" data-l="New site">85,607<\/td>/);
  });

  it("shows images old and new, and counts those that stay the same", () => {
    const page = renderReport(goodReport());
    expect(page).toMatch(/portal:7c1f<\/td>\s*<td class="note" data-l="New">[^<]*portal:9aa0/);
    expect(page).toContain("5 the same as of the site that was live.");
    const unknown = goodReport().images!.map(({ container, to }) => ({ container, ...(to ? { to } : {}) }));
    expect(renderReport({ ...goodReport(), images: unknown })).toContain(
      "What was live before can&#39;t be told.",
    );
  });

  it("of a run of 10,000 jobs, a third of them failed or slow, stays light, and says what it leaves out", () => {
    const page = renderReport(largeReport());
    expect(Buffer.byteLength(page)).toBeLessThan(100 * 1024);
    expect(page).toContain("100 of 10,000: those that did not end well, and the slowest.");
    expect(page).toContain("its jobs, without the 9,900 quickest");
    expect(page).toMatch(/Far slower than usual: [^<]+… and 1,990 more\./);
  });

  it("names the jobs that were far slower than usual", () => {
    expect(renderReport(goodReport())).toMatch(/Far slower than usual: [^<]+ \(took [^<]+, usually 5m\)\./);
  });

  it("has a light and a dark look, one for paper, and fits a phone", () => {
    const page = renderReport(goodReport());
    expect(page).toContain("@media (prefers-color-scheme:dark)");
    expect(page).toContain("color-scheme:light dark");
    expect(page).toContain("@media print");
    expect(page).toContain('name="viewport" content="width=device-width, initial-scale=1"');
  });

  it("tells the outcome, the steps, the jobs with the run before, the names and the inputs", () => {
    const report = goodReport();
    const page = renderReport(report);
    for (const text of [
      "prod-20261122-1200",
      "prod-k3m7q",
      "went live",
      "await-harvest",
      "2 builders have worked on this run",
      "203.0.113.9",
      "203.0.113.17",
      "1,423,456",
      "live: 1,421,990, +0.1 %",
      "91c0".repeat(16),
      "Jobs, the slowest first",
      "1 job loaded at least a tenth less",
      "by ada",
    ])
      expect(page).toContain(text);
    expect(page.match(/class="bar \w+"[^>]*\btitle="/g)).toHaveLength(82);
    expect(page).not.toContain("<h2>Why</h2>");
  });

  it("tells why a run failed, and which jobs with their reasons", () => {
    const page = renderReport(failedReport());
    expect(page).toContain("<h2>Why</h2>");
    expect(page).toContain("HARVEST_JOBS_FAILED");
    expect(page).toContain("FileNotFoundException: http://archives.example/fz.zip");
    expect(page).toContain("Not changed by this run");
    expect(page).toContain("Live was still prod-j8x91.");
  });

  it("is made of a run that has barely begun, or never reached a harvest", () => {
    const page = renderReport({
      ...goodReport(),
      phase: "failed",
      ...{ finishedAt: undefined, gate: undefined, approval: undefined },
      ...{ asOf: goodReport().startedAt, inputs: [], lists: [], failed: [], jobs: [] },
      steps: goodReport().steps.map(({ name }) => ({ name, status: "pending", attempts: 0 })),
      dns: { swappedAt: undefined, undoneAt: undefined, names: [] },
      totals: { jobs: 0, records: 0, seconds: 0 },
    });
    expect(page).toContain("not begun");
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });
});
