/** `status`: what is live, and how the run gets on. */
import { readStatus } from "../operate/status.ts";
import { statusLines } from "../operate/status-lines.ts";
import type { World } from "../pipeline/world.ts";
import { isJson, print, type VerbContext } from "./verb.ts";
import { jsonViewer, liveViewer, plainViewer, type Screen, watchStatus } from "./watch-status.ts";

export async function showStatus(world: World, context: VerbContext): Promise<void> {
  const { options, signal, terminal } = context;
  const { clock, redact } = world;
  const read = () => readStatus(world, signal);
  if (!options["watch"]) {
    const status = await read();
    print(context, status, statusLines(status, clock.now()));
    return;
  }
  const stdout = (text: string) => context.stdout(redact(text));
  const plain = () => (isJson(context) ? jsonViewer(stdout) : plainViewer(stdout, clock));
  const isLive = terminal !== undefined && !isJson(context);
  const viewer = isLive ? liveViewer(await screenOf(terminal, stdout), clock) : plain();
  await watchStatus(read, viewer, clock, signal);
}

/** The terminal; the library is loaded only where there is one. */
async function screenOf(
  terminal: NonNullable<VerbContext["terminal"]>,
  write: (text: string) => void,
): Promise<Screen> {
  const { createLogUpdate } = await import("log-update");
  const stream = {
    isTTY: true,
    get columns() {
      return terminal.columns();
    },
    get rows() {
      return terminal.rows();
    },
    write: (text: string) => (write(text), true),
  };
  const update = createLogUpdate(stream as unknown as NodeJS.WriteStream);
  return { paint: (text) => update(text), keep: () => update.done() };
}
