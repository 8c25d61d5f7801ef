/** What is only shown while the run is under way. */
import type { Report } from "../domain/report.ts";
import { timeOfDay } from "../domain/words.ts";
import { facts, html, type Html, section, withCommands } from "./html.ts";

export const refreshSeconds = 15;

export function nowPart({ now, asOf }: Report): Html | undefined {
  if (!now) return undefined;
  const time = `${timeOfDay(asOf)} UTC`;
  return section(
    "Now",
    html`<p class="old">
        <strong>Not refreshed since ${time}: the run has ended, or the connection has.</strong>
      </p>
      <div class="track calm go"><div class="bar" style="width:${Math.round(now.share * 100)}%"></div></div>
      ${facts(now.rows.map(([title, text]) => [title, withCommands(text)]))}
      <p class="small">As of ${time}; looks again every ${refreshSeconds} s.</p>`,
  );
}
