/** Runs controllers: each looks at an object when something about it changed, or when it asked to look again. */
import { record } from "./recorder.ts";
import type { Containers } from "../containers/containers.ts";
import type { Random } from "../random.ts";
import type { Registry } from "../registry.ts";
import { ApiError } from "../errors.ts";
import type { Change, Store } from "../store.ts";
import type { KubeObject } from "../types.ts";
import type { Config } from "./rules.ts";

/** What controllers work with. */
export interface World {
  registry: Registry;
  store: Store;
  random: Random;
  containers: Containers;
  rules: () => Config;
}

export interface Controller {
  /** The kind whose objects it looks after. */
  kind: string;
  /** Objects of its kind that a change of something else concerns. */
  concerns?: (changed: KubeObject, store: Store) => KubeObject[];
  /** Brings one object forward; returns milliseconds until it wants to look again. */
  reconcile: (world: World, object: KubeObject) => number | undefined;
  /** Looks at what is left after an object is gone. */
  gone?: (world: World, object: KubeObject) => void;
}

const retryMs = 500;

export interface Loop {
  /** Looks at every object again: after a change of the rules. */
  again(): void;
  stop(): void;
}

export function runControllers(world: World, controllers: Controller[]): Loop {
  const timers = new Map<string, { at: number; timer: NodeJS.Timeout }>();

  const look = (index: number, key: string): void => {
    const controller = controllers[index]!;
    const [namespace, name = ""] = key.split("/");
    const object = world.store.get(controller.kind, namespace, name);
    if (!object) return;
    try {
      const wait = controller.reconcile(world, object);
      if (wait !== undefined) schedule(index, object, Math.max(wait, 5));
    } catch (error) {
      // A namespace that ends refuses what a controller makes in it; what else is no answer is a bug.
      if (!(error instanceof ApiError)) throw error;
      const message = `Error creating: ${error.message}`;
      record(world, `${object.kind.toLowerCase()}-controller`, object, {
        type: "Warning",
        reason: "FailedCreate",
        message,
      });
      schedule(index, object, retryMs);
    }
  };
  const schedule = (index: number, { metadata }: KubeObject, wait: number): void => {
    const key = `${metadata.namespace ?? ""}/${metadata.name}`;
    const id = `${index}:${key}`;
    const at = Date.now() + Math.min(wait, 2_000_000_000);
    const known = timers.get(id);
    if (known && known.at <= at) return;
    if (known) clearTimeout(known.timer);
    const run = (): void => {
      timers.delete(id);
      look(index, key);
    };
    timers.set(id, { at, timer: setTimeout(run, Math.max(0, at - Date.now())) });
  };
  const tell = (change: Change): void => {
    controllers.forEach((controller, index) => {
      if (change.object.kind === controller.kind) {
        if (change.type !== "DELETED") schedule(index, change.object, 0);
        else controller.gone?.(world, change.object);
      }
      controller.concerns?.(change.object, world.store).forEach((object) => schedule(index, object, 0));
    });
  };
  const stop = world.store.onChange(tell);
  const again = (): void =>
    controllers.forEach((controller, index) =>
      world.store.list(controller.kind).forEach((object) => schedule(index, object, 0)),
    );
  again();
  return {
    again,
    stop() {
      stop();
      for (const { timer } of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}

/** The objects of a kind that `owner` controls. */
export const ownedBy = (store: Store, kind: string, owner: KubeObject): KubeObject[] =>
  store
    .list(kind, owner.metadata.namespace)
    .filter((object) =>
      object.metadata.ownerReferences?.some((reference) => reference.uid === owner.metadata.uid),
    );

/** The owner that an object names as its controller, when it is of this kind. */
export function controllerOf(store: Store, object: KubeObject, kind: string): KubeObject[] {
  const reference = object.metadata.ownerReferences?.find(
    (candidate) => candidate.kind === kind && candidate.controller,
  );
  const owner = reference && store.get(kind, object.metadata.namespace, reference.name);
  return owner && owner.metadata.uid === reference.uid ? [owner] : [];
}

export const ownerReference = ({ apiVersion, kind, metadata }: KubeObject) => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});

export const isTerminating = (object: KubeObject): boolean => object.metadata.deletionTimestamp !== undefined;
