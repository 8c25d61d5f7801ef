/** The images of the new release beside those of the live one: told, and kept with the run. */
import { changedImages, compareImages, type ImageChange, imageText } from "../../domain/images.ts";
import type { RenderedObject } from "../../domain/release.ts";
import { messageOf } from "../../errors.ts";
import type { StepContext } from "../../pipeline/step.ts";
import type { Ports } from "../../ports/index.ts";
import { findInstalled } from "./installed.ts";

const mostKept = 40;
const mostTold = 5;
const longestImage = 200;

/** What is live is only looked at for people: a release that can't be read is left out. */
export async function lookAtImages(
  ports: Pick<Ports, "cluster" | "releases">,
  live: readonly string[],
  rendered: readonly RenderedObject[],
  { log, signal }: Pick<StepContext<never>, "log" | "signal">,
): Promise<ImageChange[]> {
  const before = await findInstalled(ports, live[0]).catch((error: unknown) => {
    signal.throwIfAborted();
    log.debug({}, `the images of ${live[0] ?? ""} can't be told: ${messageOf(error)}`);
    return undefined;
  });
  const images = compareImages(before ?? [], rendered)
    .slice(0, mostKept)
    .map(shortened);
  const changed = changedImages(images);
  if (before && before.length > 0 && changed.length > 0) {
    const more = changed.length > mostTold ? ` and ${changed.length - mostTold} more` : "";
    log.info({}, `images: ${changed.slice(0, mostTold).map(imageText).join(", ")}${more}`);
  }
  return images;
}

function shortened({ container, from, to }: ImageChange): ImageChange {
  return { container, from: from?.slice(0, longestImage), to: to?.slice(0, longestImage) };
}
