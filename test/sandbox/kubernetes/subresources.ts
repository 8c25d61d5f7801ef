/** Subresources that are not a part of the object: scale, eviction, tokens. */
import { deleteObject } from "./deletion.ts";
import { mergePatch } from "./patches.ts";
import type { Registry } from "./registry.ts";
import type { ResourceRequest } from "./request.ts";
import { tokenFor } from "./reviews.ts";
import { timestamp } from "./types.ts";
import type { KubeObject, Loose } from "./types.ts";

/** The answer to a POST on an object's subresource. */
export function postSubresource(
  registry: Registry,
  { type, namespace, name = "", subresource }: ResourceRequest,
  body: Loose,
): object {
  const live = registry.require(type, namespace, name);
  if (subresource === "token") return tokenFor(live.metadata.namespace ?? "", name, body);
  deleteObject(registry, type, namespace, name, body?.deleteOptions ?? {});
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
}

/** A workload seen as a number of replicas. */
export function scaleOf({ metadata, spec, status }: KubeObject): object {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const labels = Object.entries((spec.selector?.matchLabels ?? {}) as Record<string, string>);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp: creationTimestamp || timestamp() },
    spec: { replicas: spec.replicas },
    status: { replicas: status?.replicas ?? 0, selector: labels.map((pair) => pair.join("=")).join(",") },
  };
}

/** Sets the number of replicas, from a whole Scale (PUT) or a patch of one. */
export function setScale(
  registry: Registry,
  { type, namespace, name = "" }: ResourceRequest,
  body: Loose,
): object {
  const written = registry.modify(type, namespace, name, (live) => {
    const scale = mergePatch(scaleOf(live), body);
    const resourceVersion = body.metadata?.resourceVersion ?? live.metadata.resourceVersion;
    return {
      ...live,
      metadata: { ...live.metadata, resourceVersion },
      spec: { ...live.spec, replicas: scale.spec.replicas ?? 0 },
    };
  });
  return scaleOf(written);
}
