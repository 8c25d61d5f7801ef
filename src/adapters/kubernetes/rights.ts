/** What the builder may do, as the API server sees it. */
import type { Right } from "../../domain/release.ts";
import type { Api } from "./api.ts";
import { resources } from "./resources.ts";

const atOnce = 4;

/** Those of the rights that the API server would refuse, in their order. */
export async function findDenied(api: Api, rights: readonly Right[]): Promise<Right[]> {
  const denied: Right[] = [];
  for (let start = 0; start < rights.length; start += atOnce) {
    const asked = rights.slice(start, start + atOnce);
    const allowed = await Promise.all(asked.map((right) => isAllowed(api, right)));
    denied.push(...asked.filter((_, index) => allowed[index] !== true));
  }
  return denied;
}

/** Whether the API server would allow it; a resource may be written with its subresource, `pods/log`. */
export async function isAllowed(api: Api, right: Right): Promise<boolean> {
  const { verb, group, namespace, name } = right;
  const [resource = "", subresource] = right.resource.split("/", 2);
  const review = await api.create(resources.accessReviews, undefined, {
    spec: {
      resourceAttributes: {
        verb,
        group,
        resource,
        ...(subresource !== undefined && { subresource }),
        ...(namespace !== undefined && { namespace }),
        ...(name !== undefined && { name }),
      },
    },
  });
  return review.status?.allowed === true;
}
