/** The images of the new release beside those of the live one: logged, and kept with the run. */
import { changedImages, compareImages, type ImageChange, imageText } from "../../domain/images.ts";
import type { RenderedObject } from "../../domain/release.ts";
import { messageOf } from "../../errors.ts";
import type { Task } from "../../pipeline/task.ts";
import { findInstalled } from "../read-live.ts";

const maxKept = 40;
const maxLogged = 5;
const maxImage = 200;

/** What is live is only looked at for people: a release that can't be read is left out. */
export async function lookAtImages(
  task: Task,
  live: readonly string[],
  rendered: readonly RenderedObject[],
): Promise<ImageChange[]> {
  const { log, signal } = task;
  const before = await findInstalled(task, live[0]).catch((error: unknown) => {
    signal.throwIfAborted();
    log.debug({}, `can't read the images of ${live[0] ?? ""}: ${messageOf(error)}`);
    return undefined;
  });
  const images = compareImages(before ?? [], rendered)
    .slice(0, maxKept)
    .map(({ container, from, to }) => ({
      ...{ container, from: from?.slice(0, maxImage), to: to?.slice(0, maxImage) },
    }));
  const changed = changedImages(images);
  if (before && before.length > 0 && changed.length > 0) {
    const more = changed.length > maxLogged ? ` and ${changed.length - maxLogged} more` : "";
    log.info({}, `images: ${changed.slice(0, maxLogged).map(imageText).join(", ")}${more}`);
  }
  return images;
}
