/** Writes as the API server makes them: names, conflicts, finalizers, namespaces that end, field managers. */
import { Allocator, setDefaults } from "./defaults.ts";
import { alreadyExists, badRequest, cause, forbidden, invalid, modified, notFound } from "./errors.ts";
import { recordUpdate, serverSideApply } from "./managed-fields.ts";
import type { Random } from "./random.ts";
import { requireType } from "./resources.ts";
import type { Store } from "./store.ts";
import { normaliseTimes } from "./times.ts";
import { clone, same, timestamp } from "./types.ts";
import type { KubeObject, Meta, ResourceType, WriteOptions } from "./types.ts";
import { validate } from "./validation.ts";

/** Kinds without a spec that controllers act on have no generation. */
const withoutGeneration = new Set([
  "Service",
  "Namespace",
  "Node",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "Lease",
]);
/** PUT and patch of these always have to say what they replace. */
const conditionalOnly = new Set([
  "Lease",
  "Role",
  "ClusterRole",
  "RoleBinding",
  "ClusterRoleBinding",
  "PodDisruptionBudget",
]);

export class Registry {
  readonly store: Store;
  readonly random: Random;
  #allocator = new Allocator();

  constructor(store: Store, random: Random) {
    this.store = store;
    this.random = random;
  }

  require(type: ResourceType, namespace: string | undefined, name: string): KubeObject {
    const found = this.store.get(type.id, namespace, name);
    if (!found) throw notFound(type, name);
    return found;
  }

  create(
    type: ResourceType,
    namespace: string | undefined,
    body: KubeObject,
    options: WriteOptions = {},
  ): KubeObject {
    const object = this.#incoming(type, namespace, body);
    const { metadata } = object;
    if (metadata.resourceVersion)
      throw badRequest("resourceVersion should not be set on objects to be created");
    if (!metadata.name && metadata.generateName)
      metadata.name = metadata.generateName.slice(0, 58) + this.random.suffix();
    if (type.namespaced) this.#requireOpen(type, namespace ?? "", metadata.name);
    Object.assign(metadata, { uid: this.random.uid(), creationTimestamp: timestamp() });
    if (type.subresources.includes("status") && type.kind !== "Node")
      Reflect.deleteProperty(object, "status");
    if (object.spec && !withoutGeneration.has(type.kind)) metadata.generation = 1;
    setDefaults(object, undefined, this.#allocator);
    validate(type, object);
    if (type.kind === "Pod") this.#requireServiceAccount(type, object);
    if (this.store.get(type.id, namespace, metadata.name)) throw alreadyExists(type, metadata.name);
    // Whoever makes an object out of a read one sends its managers along: they don't count.
    if (options.fieldManager)
      recordUpdate(undefined, object, { name: options.fieldManager, operation: "Update" });
    return options.dryRun ? object : this.store.put(type, object);
  }

  /** Replaces an object, or only its status or finalizers when `options.subresource` says so. */
  replace(
    type: ResourceType,
    namespace: string | undefined,
    name: string,
    body: KubeObject,
    options: WriteOptions = {},
  ): KubeObject {
    const object = this.#incoming(type, namespace, body);
    if (object.metadata.name !== name) {
      throw badRequest(
        `the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`,
      );
    }
    const live = this.require(type, namespace, name);
    const { resourceVersion, uid } = object.metadata;
    if (!resourceVersion && conditionalOnly.has(type.kind) && !options.subresource) {
      const text = "Invalid value: 0: must be specified for an update";
      throw invalid(type, name, [cause("Invalid", "metadata.resourceVersion", text)]);
    }
    if (resourceVersion && resourceVersion !== live.metadata.resourceVersion) throw modified(type, name);
    if (uid && uid !== live.metadata.uid) throw modified(type, name);
    return this.#write(type, live, object, options);
  }

  /** Writes what `change` makes of the live object; a resourceVersion that it sets must be the live one. */
  modify(
    type: ResourceType,
    namespace: string | undefined,
    name: string,
    change: (live: KubeObject) => KubeObject,
    options: WriteOptions = {},
  ): KubeObject {
    const live = this.require(type, namespace, name);
    return this.replace(type, namespace, name, change(live), options);
  }

  apply(
    type: ResourceType,
    namespace: string | undefined,
    name: string,
    config: KubeObject,
    options: WriteOptions & { fieldManager: string; force: boolean },
  ): KubeObject {
    const live = this.store.get(type.id, namespace, name);
    const incoming = this.#incoming(type, namespace, { ...config, metadata: { ...config.metadata, name } });
    if (incoming.stringData) setDefaults(incoming, live, this.#allocator);
    const version = incoming.metadata.resourceVersion;
    if (version && version !== live?.metadata.resourceVersion) throw modified(type, name);
    const { fieldManager: manager, force, subresource } = options;
    const merged = serverSideApply(live, incoming, { manager, force, subresource });
    const rest: WriteOptions = { dryRun: options.dryRun ?? false, ...(subresource ? { subresource } : {}) };
    if (live) return this.#write(type, live, merged, rest);
    Reflect.deleteProperty(merged.metadata, "resourceVersion");
    return this.create(type, namespace, merged, rest);
  }

  /** A controller's write: straight to the store, whatever part of the object it changes. */
  edit(kind: string, object: KubeObject, change: (draft: KubeObject) => void): KubeObject | undefined {
    const type = requireType(kind);
    const live = this.store.get(type.id, object.metadata.namespace, object.metadata.name);
    if (!live || live.metadata.uid !== object.metadata.uid) return undefined;
    const draft = clone(live);
    change(draft);
    return same(draft, live) ? live : this.#commit(type, live, draft);
  }

  #incoming(type: ResourceType, namespace: string | undefined, body: KubeObject): KubeObject {
    const object = normaliseTimes(clone(body)) as KubeObject;
    // A body need not have any of it.
    const { metadata } = object as Partial<KubeObject>;
    object.metadata = { ...object.metadata, name: (metadata as Partial<Meta> | undefined)?.name ?? "" };
    object.apiVersion = type.apiVersion;
    object.kind = type.kind;
    if (!type.namespaced) Reflect.deleteProperty(object.metadata, "namespace");
    else if (object.metadata.namespace && object.metadata.namespace !== namespace) {
      throw badRequest(
        "the namespace of the provided object does not match the namespace sent on the request",
      );
    } else if (namespace) object.metadata.namespace = namespace;
    return object;
  }

  #requireOpen(type: ResourceType, namespace: string, name: string): void {
    const owner = this.store.get("Namespace", undefined, namespace);
    if (!owner) throw notFound(requireType("Namespace"), namespace);
    if (!owner.metadata.deletionTimestamp) return;
    throw forbidden(
      type,
      name,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
      [
        {
          reason: "NamespaceTerminating",
          message: `namespace ${namespace} is being terminated`,
          field: "metadata.namespace",
        },
      ],
    );
  }

  #requireServiceAccount(type: ResourceType, { metadata, spec }: KubeObject): void {
    const account = String(spec.serviceAccountName);
    const namespace = metadata.namespace ?? "";
    if (this.store.get("ServiceAccount", namespace, account)) return;
    const why = `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`;
    throw forbidden(type, metadata.name, why);
  }

  #write(type: ResourceType, live: KubeObject, incoming: KubeObject, options: WriteOptions): KubeObject {
    const object = writable(type, live, incoming, options.subresource);
    setDefaults(object, live, this.#allocator);
    validate(type, object, live);
    if (object.metadata.managedFields?.length === 0) Reflect.deleteProperty(object.metadata, "managedFields");
    if (options.fieldManager) {
      const { fieldManager: name, subresource } = options;
      recordUpdate(live, object, { name, operation: "Update", subresource });
    }
    if (same(object, live)) return live;
    // A Deployment's annotations are for its controller, too: a change of theirs is a new generation.
    const noted =
      !same(object.metadata.annotations, live.metadata.annotations) && same(object.spec, live.spec);
    if (type.kind === "Deployment" && !options.subresource && noted) object.metadata.generation! += 1;
    if (options.dryRun) return object;
    return this.#commit(type, live, object);
  }

  #commit(type: ResourceType, live: KubeObject, object: KubeObject): KubeObject {
    const { metadata } = object;
    // Being given a node is no new generation of a pod.
    const bound = type.kind === "Pod" && live.spec.nodeName === undefined;
    if (metadata.generation !== undefined && !bound && !same(object.spec, live.spec))
      metadata.generation += 1;
    if (metadata.finalizers?.length === 0) Reflect.deleteProperty(metadata, "finalizers");
    const waits = metadata.deletionGracePeriodSeconds && type.kind === "Pod";
    const kept = type.kind === "Namespace" && object.spec?.finalizers?.length;
    if (metadata.deletionTimestamp && !metadata.finalizers && !waits && !kept)
      return this.store.remove(type, object);
    return this.store.put(type, object);
  }
}

/** The part of an incoming object that its writer may write, over what is there. */
function writable(
  type: ResourceType,
  live: KubeObject,
  incoming: KubeObject,
  subresource?: string,
): KubeObject {
  if (subresource === "status") {
    const { managedFields, annotations, labels } = incoming.metadata;
    const metadata = {
      ...live.metadata,
      ...(managedFields && { managedFields }),
      ...(annotations && { annotations }),
      ...(labels && { labels }),
    };
    return { ...live, metadata, status: incoming.status };
  }
  const { uid, creationTimestamp, generation, deletionTimestamp, deletionGracePeriodSeconds, generateName } =
    live.metadata;
  const fixed = {
    uid,
    creationTimestamp,
    generation,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    generateName,
  };
  const metadata = { ...incoming.metadata, ...fixed, resourceVersion: live.metadata.resourceVersion };
  for (const key of Object.keys(fixed) as (keyof typeof fixed)[])
    if (fixed[key] === undefined) Reflect.deleteProperty(metadata, key);
  const object = { ...incoming, metadata } as KubeObject;
  if (type.kind === "Namespace" && subresource !== "finalize")
    object.spec = { ...object.spec, finalizers: live.spec.finalizers };
  if (!type.subresources.includes("status")) return object;
  if (live.status === undefined) Reflect.deleteProperty(object, "status");
  else object.status = live.status;
  return object;
}
