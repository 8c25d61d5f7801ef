/** Objects by resource, namespace and name, and the history of their changes that watches replay. */
import { requireType, storageId } from "./resources.ts";
import type { KubeObject, ResourceType } from "./types.ts";

export interface Change {
  type: "ADDED" | "MODIFIED" | "DELETED";
  /** Storage id of the resource. */
  resource: string;
  object: KubeObject;
  /** What the object was before; a watch with a selector has to know. */
  previous: KubeObject | undefined;
  revision: number;
}

export type Listener = (change: Change) => void;

const maxHistory = 20_000;

/** Objects read from here are shared: clone one before changing it. */
export class Store {
  #tables = new Map<string, Map<string, KubeObject>>();
  #history: Change[] = [];
  #listeners = new Set<Listener>();
  #revision = 1;
  /** Changes up to this revision are forgotten: a watch that begins before it gets 410. */
  #floor = 0;

  get revision(): number {
    return this.#revision;
  }

  get floor(): number {
    return this.#floor;
  }

  /** The objects of a kind (`Pod`) or resource (`pods`, `deployments.apps`), by namespace and name. */
  list(kind: string, namespace?: string): KubeObject[] {
    const found = [...this.#table(kind).entries()];
    return found
      .filter(([, object]) => !namespace || object.metadata.namespace === namespace)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object);
  }

  get(kind: string, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#table(kind).get(key(namespace, name));
  }

  /** Stores an object as it is, with the next resourceVersion. */
  put(type: ResourceType, object: KubeObject): KubeObject {
    const table = this.#table(type.id);
    const at = key(object.metadata.namespace, object.metadata.name);
    const previous = table.get(at);
    this.#revision += 1;
    const stored = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(this.#revision) },
    };
    table.set(at, stored);
    this.#tell({
      type: previous ? "MODIFIED" : "ADDED",
      resource: storageId(type),
      object: stored,
      previous,
    });
    return stored;
  }

  remove(type: ResourceType, object: KubeObject): KubeObject {
    const at = key(object.metadata.namespace, object.metadata.name);
    const previous = this.#table(type.id).get(at);
    this.#table(type.id).delete(at);
    this.#revision += 1;
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#revision) } };
    this.#tell({ type: "DELETED", resource: storageId(type), object: last, previous });
    return last;
  }

  /** Calls back after every change; returns how to stop that. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Changes after a revision; undefined when they are no longer known. */
  since(revision: number): Change[] | undefined {
    if (revision < this.#floor) return undefined;
    return this.#history.filter((change) => change.revision > revision);
  }

  /** Forgets the history, as etcd's compaction does: watches and continue tokens from before get 410 Gone. */
  compact(): void {
    this.#revision += 1;
    this.#floor = this.#revision;
    this.#history = [];
  }

  #table(idOrKind: string): Map<string, KubeObject> {
    const id = storageId(requireType(idOrKind));
    const table = this.#tables.get(id) ?? new Map<string, KubeObject>();
    this.#tables.set(id, table);
    return table;
  }

  #tell(change: Omit<Change, "revision">): void {
    const complete = { ...change, revision: this.#revision };
    this.#history.push(complete);
    if (this.#history.length > maxHistory) {
      this.#floor = this.#history[maxHistory / 2]!.revision;
      this.#history = this.#history.slice(maxHistory / 2 + 1);
    }
    for (const listener of [...this.#listeners]) listener(complete);
  }
}

const key = (namespace: string | undefined, name: string): string => `${namespace ?? ""}/${name}`;
