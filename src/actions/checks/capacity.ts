/** Whether the new site fits beside what is there; what the install removes first doesn't count. Never refuses. */
import { findRoom, roomText } from "../../domain/capacity.ts";
import type { RenderedObject } from "../../domain/release.ts";
import type { Task } from "../../pipeline/task.ts";
import { judgeLeftovers, type LiveReading } from "../read-live.ts";

export type Capacity = Awaited<ReturnType<typeof checkCapacity>>;

export async function checkCapacity(task: Task, rendered: readonly RenderedObject[], live: LiveReading) {
  const capacity = await task.ports.cluster.capacity(rendered);
  if (!capacity)
    return { fits: true, text: "whether a second site fits can't be told: nodes may not be listed" };
  const goes = judgeLeftovers(task, live, live.releases).filter(({ stays }) => stays === undefined);
  const room = findRoom(capacity, {
    goes: new Set(goes.map(({ name }) => name)),
    own: new Set(live.candidates.map(({ name }) => name)),
  });
  return { fits: room.unschedulable.length === 0 && room.exceeded.length === 0, text: roomText(room) };
}
