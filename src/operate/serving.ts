/** Shows a run to whoever looks, while it is worked on: the live page and the metrics. */
import { readLive } from "../actions/read-live.ts";
import { within } from "../actions/within.ts";
import { pluginCommand } from "../domain/commands.ts";
import { pastRunOf } from "../domain/past-run.ts";
import { type Report, reportOf } from "../domain/report.ts";
import { messageOf } from "../errors.ts";
import type { Run } from "../pipeline/run.ts";
import type { Server } from "../pipeline/world.ts";
import { type KnownNames, namesOf, statusOf } from "./status.ts";
import { nowOf } from "./status-lines.ts";

/** How long a page may wait for what the public names point at. */
const lookMs = 3_000;
const maxJobs = 100;

/**
 * Does the work on a run, and serves the run meanwhile; a port that can't be had is told, and done without. `doing` is what a
 * verb does instead of carrying the run on.
 */
export async function serving<T>(run: Run, work: () => Promise<T>, doing?: string): Promise<T> {
  const server = await open(run, doing);
  try {
    return await work();
  } finally {
    await server?.close();
  }
}

async function open(run: Run, doing?: string): Promise<Server | undefined> {
  const { world } = run;
  const log = world.log("page");
  const known: KnownNames = new Map();
  try {
    const server = await world.serve?.(run, () => pageOf(run, known, doing));
    const command = pluginCommand("open", world.builderNamespace);
    if (server) log.info({}, `${command}   (on this machine: ${server.url})`);
    return server;
  } catch (error) {
    const { metricsPort: port } = world.settings;
    if (port === undefined) log.info({}, `not served, the run goes on without it: ${messageOf(error)}`);
    else log.warn({ port }, `no metrics on port ${port}: ${messageOf(error)}`);
    return undefined;
  }
}

/** The page of the run as it was last saved, with what visitors see now. */
async function pageOf(run: Run, known: KnownNames, doing?: string): Promise<Report> {
  const { world, state, attachments, history, settings } = run;
  // Without a step's patience: nobody waits that long for a page, and the log would tell of it.
  const look = async () => ({ releases: (await readLive({ ports: world.ports, settings })).releases });
  const live = await within(run, lookMs, look, (unknown) => ({ releases: [], unknown }));
  const names = await namesOf(world, state, known);
  const shown = { command: pluginCommand, holder: world.identity };
  const status = statusOf(world, { run: state, attachments, history, live, names, ...shown });
  // Who asked for the verb has typed what there was to type.
  if (doing !== undefined && status.run) status.run.commands = {};
  const now = world.clock.now();
  const { rows, share } = nowOf(status, now, world.redact);
  const past = pastRunOf(state, attachments.jobs, names, maxJobs);
  const own = doing === undefined ? [] : [["now", doing] as const];
  return { ...reportOf(past, attachments.past, now), now: { rows: [...own, ...rows], share } };
}
