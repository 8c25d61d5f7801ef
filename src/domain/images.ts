/** Which container images a chart's objects run, and what changes between two of them; pure. */
import type { RenderedObject } from "./release.ts";

export interface ImageChange {
  /** component/container. */
  container: string;
  from?: string | undefined;
  to?: string | undefined;
}

interface PodTemplate {
  spec?: { template?: { spec?: Record<string, { name?: string; image?: string }[] | undefined> } };
}

/** The image of every container, by component/container. */
function imagesOf(objects: readonly RenderedObject[]): Map<string, string> {
  const images = new Map<string, string>();
  for (const { kind, name, manifest } of objects) {
    if (kind !== "Deployment" && kind !== "StatefulSet") continue;
    const pod = (manifest as PodTemplate).spec?.template?.spec ?? {};
    for (const container of [...(pod["initContainers"] ?? []), ...(pod["containers"] ?? [])]) {
      images.set(`${name}/${container.name ?? ""}`, container.image ?? "");
    }
  }
  return images;
}

/** All containers of either, in the order of their names. */
export function compareImages(
  before: readonly RenderedObject[],
  after: readonly RenderedObject[],
): ImageChange[] {
  const [old, next] = [imagesOf(before), imagesOf(after)];
  return [...new Set([...old.keys(), ...next.keys()])]
    .sort()
    .map((container) => ({ container, from: old.get(container), to: next.get(container) }));
}

/** Those that differ. */
export function changedImages(images: readonly ImageChange[]): ImageChange[] {
  return images.filter(({ from, to }) => from !== to);
}

/** `portal/portal registry.example/portal: 7c1f → 9aa0`: what both have in common is said once. */
export function imageText({ container, from, to }: ImageChange): string {
  if (from === undefined) return `${container} ${to ?? ""} (new)`;
  if (to === undefined) return `${container} ${from} (gone)`;
  const [name, tag] = split(from);
  const [nextName, nextTag] = split(to);
  return name === nextName && tag && nextTag
    ? `${container} ${name}: ${tag} → ${nextTag}`
    : `${container} ${from} → ${to}`;
}

/** Name and tag, or name and digest. */
function split(image: string): [name: string, tag: string] {
  const at = image.includes("@") ? image.indexOf("@") : image.lastIndexOf(":");
  // A colon before the last slash is that of a port.
  return at <= image.lastIndexOf("/") ? [image, ""] : [image.slice(0, at), image.slice(at + 1)];
}
