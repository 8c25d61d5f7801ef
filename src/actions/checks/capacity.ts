/** Whether the new site fits beside what is there; what the install removes first doesn't count. Never refuses. */
import { findRoom, roomText } from "../../domain/capacity.ts";
import type { RenderedObject } from "../../domain/release.ts";
import type { Task } from "../../pipeline/task.ts";
import { judgeLeftovers, type DeletionReading } from "../read-live.ts";

export type Capacity = Awaited<ReturnType<typeof checkCapacity>>;

export async function checkCapacity(task: Task, rendered: readonly RenderedObject[], live: DeletionReading) {
  const capacity = await task.ports.cluster.capacity(rendered);
  if (!capacity)
    return { fits: true, text: "can't tell whether a second site fits: the builder may not list nodes" };
  const goes = judgeLeftovers(live, live.releases).filter(({ stays }) => stays === undefined);
  const room = findRoom(capacity, new Set(goes.map(({ name }) => name)));
  return { fits: room.unschedulable.length === 0, text: roomText(room) };
}
