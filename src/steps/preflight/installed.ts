import type { RenderedObject } from "../../domain/release.ts";
import type { Ports } from "../../ports/index.ts";

/**
 * The objects of a release as it was installed; none where there is no such release. undefined for one that this
 * builder has never worked on: its Secrets are closed to it.
 */
export async function findInstalled(
  { cluster, releases }: Pick<Ports, "cluster" | "releases">,
  release: string | undefined,
): Promise<RenderedObject[] | undefined> {
  if (release === undefined) return [];
  const secrets = { verb: "list", group: "", resource: "secrets", namespace: release };
  if ((await cluster.denied([secrets])).length > 0) return undefined;
  return releases.findObjects(release);
}
