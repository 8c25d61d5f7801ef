/** Namespaces: what each has from the start, and how one ends with all that is in it. */
import { deleteObject } from "../deletion.ts";
import { requireType, resourceTypes } from "../resources.ts";
import type { KubeObject, Loose, ResourceType } from "../types.ts";
import { isTerminating } from "./loop.ts";
import type { Controller, World } from "./loop.ts";
import { setCondition } from "./pod-status.ts";

const contents = resourceTypes.filter((type) => type.namespaced && type.id !== "events.events.k8s.io");

export const namespaces: Controller = {
  kind: "Namespace",
  concerns: (changed, store) => {
    const owner = store.get("Namespace", undefined, changed.metadata.namespace ?? "");
    return owner && (isTerminating(owner) || ["ServiceAccount", "ConfigMap"].includes(changed.kind))
      ? [owner]
      : [];
  },
  reconcile(world, namespace) {
    if (isTerminating(namespace)) finish(world, namespace);
    else furnish(world, namespace.metadata.name);
    return undefined;
  },
};

/** Every namespace has a service account and the cluster's certificate; deleted ones come back. */
function furnish({ registry, store }: World, namespace: string): void {
  const ensure = (kind: string, name: string, rest: object): void => {
    if (store.get(kind, namespace, name)) return;
    const metadata = { name, namespace } as KubeObject["metadata"];
    registry.create(requireType(kind), namespace, { apiVersion: "v1", kind, metadata, ...rest });
  };
  ensure("ServiceAccount", "default", {});
  const data = { "ca.crt": "-----BEGIN CERTIFICATE-----\nc2FuZGJveA==\n-----END CERTIFICATE-----\n" };
  ensure("ConfigMap", "kube-root-ca.crt", { data });
}

function finish(world: World, namespace: KubeObject): void {
  const { name } = namespace.metadata;
  for (const type of contents) {
    for (const object of world.store.list(type.id, name)) {
      if (!isTerminating(object))
        deleteObject(world.registry, type, name, object.metadata.name, { propagationPolicy: "Background" });
    }
  }
  const left = contents
    .map((type) => ({ type, objects: world.store.list(type.id, name) }))
    .filter(({ objects }) => objects.length > 0);
  world.registry.edit("Namespace", namespace, (draft) => {
    if (left.length === 0) draft.spec.finalizers = [];
    const conditions = (draft.status.conditions ??= []) as Loose[];
    for (const condition of conditionsOf(left)) setCondition(conditions, condition);
  });
}

/** The real controller's conditions and words. */
function conditionsOf(left: { type: ResourceType; objects: KubeObject[] }[]) {
  const remaining = left.map(
    ({ type, objects }) => `${resourceName(type)} has ${objects.length} resource instances`,
  );
  const finalizers = new Map<string, number>();
  for (const object of left.flatMap(({ objects }) => objects)) {
    for (const name of object.metadata.finalizers ?? [])
      finalizers.set(name, (finalizers.get(name) ?? 0) + 1);
  }
  const held = [...finalizers].sort().map(([name, count]) => `${name} in ${count} resource instances`);
  const condition = (type: string, bad: boolean, reasons: [string, string], messages: [string, string]) => ({
    type,
    status: bad ? ("True" as const) : ("False" as const),
    reason: bad ? reasons[1] : reasons[0],
    message: bad ? messages[1] : messages[0],
  });
  return [
    condition(
      "NamespaceDeletionDiscoveryFailure",
      false,
      ["ResourcesDiscovered", ""],
      ["All resources successfully discovered", ""],
    ),
    condition(
      "NamespaceDeletionGroupVersionParsingFailure",
      false,
      ["ParsedGroupVersions", ""],
      ["All legacy kube types successfully parsed", ""],
    ),
    condition(
      "NamespaceDeletionContentFailure",
      false,
      ["ContentDeleted", ""],
      ["All content successfully deleted, may be waiting on finalization", ""],
    ),
    condition(
      "NamespaceContentRemaining",
      remaining.length > 0,
      ["ContentRemoved", "SomeResourcesRemain"],
      ["All content successfully removed", `Some resources are remaining: ${remaining.join(", ")}`],
    ),
    condition(
      "NamespaceFinalizersRemaining",
      held.length > 0,
      ["ContentHasNoFinalizers", "SomeFinalizersRemain"],
      [
        "All content-preserving finalizers finished",
        `Some content in the namespace has finalizers remaining: ${held.join(", ")}`,
      ],
    ),
  ];
}

const resourceName = ({ plural, group }: ResourceType): string =>
  group ? `${plural}.${group}` : `${plural}.`;
