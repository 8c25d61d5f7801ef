import type { Settings } from "../../config/settings.ts";
import { findRoom, roomText } from "../../domain/capacity.ts";
import type { RenderedObject } from "../../domain/release.ts";
import { PermanentError } from "../../errors.ts";
import type { Ports } from "../../ports/index.ts";
import type { LiveReading } from "../read-live.ts";
import { findLeftovers } from "../remove-leftovers.ts";

export interface Capacity {
  fits: boolean;
  text: string;
}

/** Looks whether the new site fits beside what is there; what the install removes first doesn't count. Never refuses. */
export async function checkCapacity(
  cluster: Ports["cluster"],
  { environment }: Settings,
  rendered: readonly RenderedObject[],
  live: LiveReading,
  now: number,
): Promise<Capacity> {
  const leftovers = findLeftovers(live.namespaces, {
    environment,
    now: new Date(now).toISOString(),
    live: live.releases,
    scope: { inUse: new Set(live.releases), recorded: new Set() },
  });
  try {
    const room = findRoom(await cluster.capacity(), rendered, {
      goes: new Set(leftovers.map(({ name }) => name)),
      own: new Set(live.namespaces.map(({ name }) => name)),
    });
    return { fits: room.homeless.length === 0 && room.exceeded.length === 0, text: roomText(room) };
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    return { fits: true, text: `whether a second site fits can't be told: ${error.message}` };
  }
}
