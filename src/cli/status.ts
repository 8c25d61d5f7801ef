/** `status`: what is live, and how the run gets on. */
import { exitCodes } from "../errors.ts";
import { patiently } from "../pipeline/patience.ts";
import { statusLines } from "../operate/status-lines.ts";
import { readStatus } from "../operate/status.ts";
import { openWorld } from "./open-world.ts";
import type { Verb, VerbContext } from "./verb.ts";
import { jsonViewer, liveViewer, plainViewer, type Screen, watchStatus } from "./watch-status.ts";

export const verb: Verb = async (context) => {
  const { options, signal } = context;
  const { world, dispose } = await openWorld(context, "state");
  const { clock, settings, redact } = world;
  const stdout = (text: string) => context.stdout(redact(text));
  const json = options["output"] === "json";
  const patience = { clock, log: world.log(), budgetMs: settings.retryTimeoutMs };
  const read = () => patiently(() => readStatus(world, signal), patience, signal);
  try {
    if (options["watch"]) {
      const plain = () => (json ? jsonViewer(stdout) : plainViewer(stdout, clock));
      const { terminal } = context;
      const viewer = terminal && !json ? liveViewer(await screenOf(terminal, stdout), clock) : plain();
      return await watchStatus(read, viewer, clock, signal);
    }
    const status = await read();
    stdout(`${json ? JSON.stringify(status, null, 2) : statusLines(status, clock.now()).join("\n")}\n`);
    return exitCodes.done;
  } finally {
    dispose();
  }
};

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
