/** One self-contained page about a run: no script, nothing from any network, light and dark, printable. */
import { contentPolicy, type Report } from "../domain/report.ts";
import { date } from "../domain/words.ts";
import { dnsPart, gatePart, imagesPart, inputsPart } from "./facts.ts";
import { html, mapTexts } from "./html.ts";
import { failedPart, jobsPart } from "./jobs.ts";
import { nowPart, refreshSeconds } from "./now.ts";
import { failurePart, head, titleOf } from "./outcome.ts";
import { style } from "./style.ts";
import { timelinePart } from "./timeline.ts";

/** The page; `redact` takes the secrets out of its texts. While the run is under way it looks again by itself. */
export function renderReport(report: Report, redact = (text: string) => text): string {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${contentPolicy}" />
        ${report.now && html`<meta http-equiv="refresh" content="${refreshSeconds}" /><link rel="icon" href="data:," />`}
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${titleOf(report)}</title>
        ${{ html: `<style>${style}</style>` }}
      </head>
      <body>
        <main>
          ${head(report)} ${nowPart(report)} ${failurePart(report)} ${failedPart(report)}
          ${timelinePart(report)} ${gatePart(report)} ${dnsPart(report)} ${imagesPart(report)}
          ${inputsPart(report)} ${jobsPart(report)}
          <footer class="small">powo-builder; as of ${date(report.asOf)} UTC</footer>
        </main>
      </body>
    </html> `;
  return mapTexts(`${page.html.replaceAll(/>\s*\n\s+</g, ">\n<").trim()}\n`, redact);
}
