/** `status`: what is live, and how the run gets on; watched, as a picture on a terminal, else as what changed. */
import { isOver } from "../domain/run.ts";
import { clockTime, joined, timeOfDay } from "../domain/words.ts";
import { type KnownNames, readStatus, type Status } from "../operate/status.ts";
import { lastJobLines, statusLines } from "../operate/status-lines.ts";
import type { Clock } from "../pipeline/clock.ts";
import type { World } from "../pipeline/world.ts";
import { isJson, print, type VerbContext } from "./verb.ts";

/** How often the state is read; a picture's times go on in between. */
const readEveryMs = 5_000;
const drawEveryMs = 1_000;

export async function showStatus(world: World, context: VerbContext): Promise<void> {
  const { clock } = world;
  const names: KnownNames = new Map();
  const read = () => readStatus(world, context.signal, names);
  if (!context.options["watch"]) {
    const status = await read();
    print(context, { document: status, lines: statusLines(status, clock.now()) });
    return;
  }
  await watchStatus(read, await viewer(), clock, context.signal);

  async function viewer() {
    const { redactor } = context;
    if (isJson(context)) return jsonViewer((text) => context.write(`${redactor.json(JSON.parse(text))}\n`));
    if (!context.canRedraw) return plainViewer(context.stdout, clock);
    // Loaded only where there is a terminal.
    const { default: update } = await import("log-update");
    const paint = (text: string) => update(redactor.text(text));
    return liveViewer({ paint, keep: () => update.done() }, clock);
  }
}

export interface Viewer {
  /** Shows a status that was just read. */
  show(status: Status): void;
  /** Lets the times go on, where they are shown. */
  tick?(status: Status): void;
  /** Leaves on the screen what is to stay. */
  end?(): void;
}

/** Shows the status until the run is over. Throws what `read` throws, and the signal's reason. */
export async function watchStatus(
  read: () => Promise<Status>,
  viewer: Viewer,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  try {
    for (;;) {
      const status = await read();
      viewer.show(status);
      if (!status.run || isOver(status.run.phase)) return;
      for (let waited = 0; waited < readEveryMs; waited += drawEveryMs) {
        await clock.sleep(drawEveryMs, signal);
        viewer.tick?.(status);
      }
    }
  } finally {
    viewer.end?.();
  }
}

/** One JSON document a line, whenever anything changed. */
export function jsonViewer(write: (text: string) => void): Viewer {
  let shown = "";
  return {
    show(status) {
      const text = JSON.stringify(status);
      if (text !== shown) write(`${text}\n`);
      shown = text;
    },
  };
}

/** The whole status at first, then with the time those of its lines that say something new: not that time goes by. */
export function plainViewer(write: (text: string) => void, clock: Clock): Viewer {
  let facts: string[] | undefined;
  return {
    show(status) {
      // At a moment that stays the same only what happened changes.
      const still = statusLines(status, status.run ? Date.parse(status.run.startedAt) : 0);
      const now = statusLines(status, clock.now());
      const known = facts;
      const fresh = now.filter((_, index) => known === undefined || !known.includes(still[index] ?? ""));
      facts = still;
      if (fresh.length === 0) return;
      const stamp = known === undefined ? "" : `${timeOfDay(clock.now())} `;
      write(`${joined(fresh.map((line) => `${stamp}${line}`))}\n`);
    },
  };
}

/** What a terminal redraws: `paint` replaces the picture before, `keep` leaves the last one on the screen. */
export interface Screen {
  paint(text: string): void;
  keep(): void;
}

/** The status with the jobs that ended last, redrawn in place every second. */
export function liveViewer(screen: Screen, clock: Clock): Viewer {
  const draw = (status: Status) => {
    const now = clock.now();
    const jobs = lastJobLines(status);
    const isEnded = !status.run || isOver(status.run.phase);
    const asOf = `as of ${clockTime(now).slice(0, 3)} ${timeOfDay(now)} UTC; Ctrl-C ends the watch, not the run`;
    screen.paint(joined([...statusLines(status, now), ...jobs, ...(isEnded ? [] : ["", asOf])]));
  };
  return { show: draw, tick: draw, end: () => screen.keep() };
}
