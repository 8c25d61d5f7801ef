/** `status`: what is live, and how the run gets on; watched, what changed since the last look. */
import { isOver } from "../domain/run.ts";
import { joined, timeOfDay } from "../domain/words.ts";
import { type KnownNames, readStatus, type Status } from "../operate/status.ts";
import { statusLines } from "../operate/status-lines.ts";
import type { Clock } from "../pipeline/clock.ts";
import type { World } from "../pipeline/world.ts";
import { isJson, print, type VerbContext } from "./verb.ts";

const readEveryMs = 5_000;

export async function showStatus(world: World, context: VerbContext): Promise<void> {
  const { clock } = world;
  const { redactor, signal, stdout } = context;
  const names: KnownNames = new Map();
  const read = () => readStatus(world, signal, names);
  if (!context.options["watch"]) {
    const status = await read();
    print(context, { document: status, lines: statusLines(status, clock.now()) });
    return;
  }
  const show = isJson(context) ? jsonViewer(context.write, redactor.json) : plainViewer(stdout, clock);
  await watchStatus(read, show, clock, signal);
}

/** Shows a status that was just read. */
export type Viewer = (status: Status) => void;

/** Shows the status until the run is over. Throws what `read` throws, and the signal's reason. */
export async function watchStatus(
  read: () => Promise<Status>,
  show: Viewer,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const status = await read();
    show(status);
    if (!status.run || isOver(status.run.phase)) return;
    await clock.sleep(readEveryMs, signal);
  }
}

/** One JSON document a line, whenever anything changed. */
export function jsonViewer(write: (text: string) => void, json: (status: Status) => string): Viewer {
  let shown = "";
  return (status) => {
    const text = json(status);
    if (text !== shown) write(`${text}\n`);
    shown = text;
  };
}

/** The whole status first, then only the lines that changed, with the time; time alone is no change. */
export function plainViewer(write: (text: string) => void, clock: Clock): Viewer {
  let facts: string[] | undefined;
  return (status) => {
    // Rendered for the same moment, the lines differ only by what happened.
    const still = statusLines(status, status.run ? Date.parse(status.run.startedAt) : 0);
    const now = statusLines(status, clock.now());
    const known = facts;
    const fresh = now.filter((_, index) => known === undefined || !known.includes(still[index] ?? ""));
    facts = still;
    if (fresh.length === 0) return;
    const stamp = known === undefined ? "" : `${timeOfDay(clock.now())} `;
    write(`${joined(fresh.map((line) => `${stamp}${line}`))}\n`);
  };
}
