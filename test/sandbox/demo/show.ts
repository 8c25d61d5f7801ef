/** What the demo prints: the program's own lines with most of the finished jobs left out, and a narrator's. */
import { table } from "../../../src/domain/words.ts";

const color = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
const paint = (code: number) => (text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
const [bold, dim] = [paint(1), paint(2)];

let isBlank = false;
const print = (text: string): void => {
  isBlank = text === "";
  process.stdout.write(`${text}\n`);
};

/** A paragraph of the narrator: the first line stands out, an empty line above and below. */
export function narrate(headline: string, ...more: string[]): void {
  if (!isBlank) print("");
  print(bold(`» ${headline}`));
  for (const line of more) print(`  ${line}`);
  print("");
}

export function showTable(title: string, rows: readonly (readonly string[])[]): void {
  print(bold(title));
  for (const line of table(rows)) print(`  ${line}`);
  print("");
}

export interface Checked {
  held: boolean;
  text: string;
}

export function showChecks(title: string, checks: readonly Checked[]): void {
  print(bold(title));
  for (const { held, text } of checks) print(held ? `  ✓ ${text}` : paint(31)(`  ✗ ${text}`));
  print("");
}

export interface LinePrinter {
  print: (line: string) => void;
  /** Keeps lines back while somebody looks at another terminal. */
  pause: () => void;
  resume: () => void;
  /** Says how many lines were left out; needed before somebody else prints. */
  unfold: () => void;
}

/** Passes a run's lines on; of finished jobs the first two and every tenth. */
export function createLinePrinter(): LinePrinter {
  let jobs = 0;
  let folded = 0;
  const unfold = () => {
    if (folded > 0) print(dim(`${" ".repeat(28)}… ${folded} more`));
    folded = 0;
  };
  const show = (line: string) => {
    const job = / (\d+) of (\d+) {2}\S/.exec(line);
    if (job) {
      jobs += 1;
      const worthIt = jobs <= 2 || Number(job[1]) % 10 === 0 || job[1] === job[2];
      if (!worthIt) return void (folded += 1);
    }
    unfold();
    print(line);
  };
  let kept: string[] | undefined;
  return {
    print(line) {
      if (kept) kept.push(line);
      else show(line);
    },
    pause: () => void (kept ??= []),
    resume() {
      kept?.forEach(show);
      kept = undefined;
    },
    unfold,
  };
}
