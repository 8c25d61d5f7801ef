/**
 * Draws docs/demo.svg, the terminal of README.md, from what the demo printed.
 *
 *     node scripts/terminal.ts                 runs the demo and draws it
 *     node scripts/terminal.ts FILE            draws the output in FILE
 *     node scripts/terminal.ts --check FILE    fails where the output in FILE lacks a line of the drawing
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const drawing = fileURLToPath(new URL("../docs/demo.svg", import.meta.url));
const columns = 128;
const maxLines = 60;

/** The main story: lines that every recording has. How many pods are ready and where the kill came differ each time. */
const story: readonly RegExp[] = [
  /^» /,
  /^ {2}(live now|to be done|real|emulated|in a hurry): /,
  /^ {2}\$ /,
  /^ {2}(Its Job starts the next|The Job starts a third) pod:/,
  / run prod-\S+ {2}environment /,
  / run prod-\S+ goes on /,
  / preflight +(live is|done in)/,
  / install-release +(new release|done in|warning: )/,
  / (wait-for-pods|load-data|verify-release|swap-dns|delete-old-release) +done in/,
  / await-harvest +(started list|done in)/,
  /^ {2}(live|run|step) {3,}/,
  / await-harvest +([12]|60|82) of 82 /,
  / swap-dns +\S+\. +\S+ → /,
  / delete-old-release +removing /,
  / live +prod-\S+ +total /,
  /^What held all the time/,
  /^ {2}✓ /,
  /^All of it held/,
];

/** The lines of the story, with an empty one before each of the narrator's headlines. */
export function storyOf(output: string): string[] {
  const lines = output.split("\n").filter((line) => story.some((pattern) => pattern.test(line)));
  const isHeadline = (line: string) => /^(» |What held)/.test(line);
  const isNewScene = (line: string, index: number) =>
    index > 0 && (isHeadline(line) || / goes on \(builder | {2}environment /.test(line));
  const told = lines.flatMap((line, index) => (isNewScene(line, index) ? ["", line] : [line]));
  if (told.length > maxLines) throw new Error(`the story has ${told.length} lines, at most ${maxLines} fit`);
  return told.map((line) => (line.length > columns ? `${line.slice(0, columns - 1)}…` : line));
}

/** What differs from one recording to the next, replaced by its kind. */
const varying: readonly [RegExp, string][] = [
  [/\b\d\d:\d\d:\d\d\b/g, "TIME"],
  [/\bprod-\d{8}-\d{4}\b/g, "RUN"],
  [/\bprod-[a-z0-9]{5}(?![\w-])/g, "RELEASE"],
  [/\b203\.0\.113\.\d+/g, "ADDRESS"],
  [/, builder \S+/g, ", builder POD"],
  [/\[[█░]+\] {2}\d+ of /g, "[BAR]  COUNT of "],
  [/\b\d+(\.\d+)?(ms|[dhms])( \d+[hms])?\b/g, "DURATION"],
  [/\b[\d,]+ (times|records|lines of log)\b/g, "COUNT $1"],
  [/ {2,}/g, "  "],
];

export const normalise = (line: string): string =>
  varying.reduce((text, [pattern, kind]) => text.replace(pattern, kind), line.trimEnd());

/** What the operator sees who looks in, and the jobs that end meanwhile: two programs print at the same time. */
const anywhere =
  / await-harvest +\d+ of 82 |^» Meanwhile|^ {2}\$ kubectl powo status|^ {2}(live|run|step) {3,}/;

/**
 * The first of the drawing's lines that the output lacks, in order but for what is printed side by side. A cut line is
 * compared as far as it goes.
 */
export function missingLine(drawn: readonly string[], output: string): string | undefined {
  const printed = output.split("\n").map(normalise);
  let at = 0;
  return drawn.find((line) => {
    if (line === "") return false;
    const isCut = line.length === columns && line.endsWith("…");
    const wanted = normalise(isCut ? withoutLastWords(line) : line);
    const found = printed.findIndex(
      (text, index) =>
        (index >= at || anywhere.test(line)) && (isCut ? text.startsWith(wanted) : text === wanted),
    );
    if (!anywhere.test(line)) at = found + 1;
    return found === -1;
  });
}

/** Half a name or a number without its unit is not normalised as a whole one is. */
const withoutLastWords = (line: string) => line.replace(/(\s+\S+){2}$/, "");

const [cell, leading, margin] = [8, 19, 20];
const colors = {
  back: "#0d1117",
  edge: "#57606a",
  plain: "#d1d7e0",
  dim: "#9198a1",
  headline: "#ffffff",
  good: "#57d364",
  warning: "#e3b341",
};

/** A terminal with a background of its own, so it reads on a light page as on a dark one; no script, style or font. */
export function draw(lines: readonly string[]): string {
  const [width, height] = [columns * cell + 2 * margin, lines.length * leading + 2 * margin];
  const rows = lines.map((line, index) =>
    line === "" ? [] : [row(line, margin + (index + 0.75) * leading)],
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>A recording of npm run demo</title>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${colors.back}" stroke="${colors.edge}"/>`,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13" fill="${colors.plain}">`,
    ...rows.flat(),
    `</g>`,
    `</svg>`,
    "",
  ].join("\n");
}

/** One line; its length is given, so that columns stay columns in any font. Its blanks don't collapse. */
function row(line: string, y: number): string {
  const text = line.trimStart();
  const x = margin + (line.length - text.length) * cell;
  const [, time = "", words = ""] = /^(\d\d:\d\d:\d\d )?(.*)$/s.exec(text) ?? [];
  const stamp = time === "" ? "" : `<tspan fill="${colors.dim}">${escape(time)}</tspan>`;
  const place = `x="${x}" y="${y}" textLength="${text.length * cell}"`;
  return `<text ${place}${look(line)}>${stamp}${escape(words)}</text>`;
}

function look(line: string): string {
  if (/^(» |What held|All of it)/.test(line)) return ` fill="${colors.headline}" font-weight="bold"`;
  if (line.startsWith("  ✓")) return ` fill="${colors.good}"`;
  if (line.includes("warning: ")) return ` fill="${colors.warning}"`;
  return "";
}

const entities: readonly [string, string][] = [
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  [" ", "\u00a0"],
];
const escape = (text: string) =>
  entities.reduce((all, [plain, entity]) => all.replaceAll(plain, entity), text);
const unescape = (text: string) =>
  entities.reduceRight((all, [plain, entity]) => all.replaceAll(entity, plain), text);

/** The lines of a drawing, empty ones included: its inverse. */
export function linesOf(svg: string): string[] {
  const lines: string[] = [];
  for (const [, x, y, text = ""] of svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)"[^>]*>(.*)<\/text>/g)) {
    const index = Math.floor((Number(y) - margin) / leading);
    while (lines.length < index) lines.push("");
    const words = unescape(text.replace(/<\/?tspan[^>]*>/g, ""));
    lines.push(" ".repeat((Number(x) - margin) / cell) + words);
  }
  return lines;
}

function record(): string {
  const demo = spawnSync(process.execPath, ["test/sandbox/demo.ts"], { encoding: "utf8", timeout: 300_000 });
  process.stdout.write(demo.stdout);
  if (demo.status !== 0) throw new Error(`the demo failed: ${demo.stderr}`);
  return demo.stdout;
}

function main([first, file]: readonly string[]): void {
  if (first !== "--check") {
    const output = first === undefined ? record() : readFileSync(first, "utf8");
    writeFileSync(drawing, draw(storyOf(output)));
    return;
  }
  const missing = missingLine(linesOf(readFileSync(drawing, "utf8")), readFileSync(file ?? "", "utf8"));
  if (missing === undefined) return;
  process.stderr.write(
    `docs/demo.svg shows a line that the demo no longer prints: ${missing}\nDraw it again: npm run terminal\n`,
  );
  process.exitCode = 1;
}

if (import.meta.main) main(process.argv.slice(2));
