/** `status`: what is live, and how the run gets on. */
import { readStatus } from "../operate/status.ts";
import { statusLines } from "../operate/status-lines.ts";
import type { World } from "../pipeline/world.ts";
import { isJson, print, type VerbContext } from "./verb.ts";
import { jsonViewer, liveViewer, plainViewer, watchStatus } from "./watch-status.ts";

export async function showStatus(world: World, context: VerbContext): Promise<void> {
  const { clock, redact } = world;
  const read = () => readStatus(world, context.signal);
  if (!context.options["watch"]) {
    const status = await read();
    print(context, status, statusLines(status, clock.now()));
    return;
  }
  await watchStatus(read, await viewer(), clock, context.signal);

  async function viewer() {
    const write = (text: string) => context.stdout(redact(text));
    if (isJson(context)) return jsonViewer(write);
    if (!context.canRedraw) return plainViewer(write, clock);
    // Loaded only where there is a terminal.
    const { default: update } = await import("log-update");
    return liveViewer({ paint: (text) => update(redact(text)), keep: () => update.done() }, clock);
  }
}
