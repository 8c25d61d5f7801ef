/** State and lock in memory, with conditional writes; everything is JSON in and out, so that nothing is shared. */
import { ConflictError } from "../../src/errors.ts";
import type {
  LeaseRecord,
  LeaseStore,
  StateStore,
  StoredState,
  VersionedLease,
} from "../../src/pipeline/stores.ts";

/** The ConfigMap and the Lease of one environment, and the pods beside them. */
export class StoreModel {
  /** The pinned data configuration, in a ConfigMap of its own. */
  document: Uint8Array | undefined;
  /** That of a run beside one whose own may still be needed. */
  secondDocument: Uint8Array | undefined;
  state:
    | {
        run?: string;
        history?: string;
        attachments: Map<string, string>;
        /** Version 1.0 kept the data configuration here. */
        document?: Uint8Array | undefined;
        version: number;
      }
    | undefined;
  lease: { record: LeaseRecord; version: number } | undefined;
  /** What is known of the holders' pods; "unknown" is what a lost node leaves. */
  readonly pods = new Map<string, "running" | "finished" | "gone" | "unknown">();
  #versions = 0;

  nextVersion(): number {
    this.#versions += 1;
    return this.#versions;
  }

  /** run.json as it is stored. */
  get run(): Record<string, unknown> | undefined {
    const text = this.state?.run;
    return text === undefined ? undefined : (JSON.parse(text) as Record<string, unknown>);
  }
}

export function createFakeStateStore(model: StoreModel): StateStore {
  return {
    async load(): Promise<StoredState | undefined> {
      const { state } = model;
      if (!state) return undefined;
      const parse = (text: string | undefined): unknown =>
        text === undefined ? undefined : JSON.parse(text);
      return {
        run: parse(state.run),
        history: parse(state.history),
        attachments: Object.fromEntries(
          [...state.attachments].map(([name, text]) => [name, JSON.parse(text) as unknown]),
        ),
        unreadable: [],
        version: String(state.version),
      };
    },
    async save({ run, history, attachments = {} }, basedOn) {
      const known = model.state === undefined ? undefined : String(model.state.version);
      if (known !== basedOn) throw new ConflictError("the state");
      const before = model.state ?? { attachments: new Map<string, string>() };
      const kept = new Map(before.attachments);
      for (const [name, value] of Object.entries(attachments)) {
        if (value === null) kept.delete(name);
        else kept.set(name, JSON.stringify(value));
      }
      const version = model.nextVersion();
      model.state = {
        ...before,
        ...(run === undefined ? {} : { run: JSON.stringify(run) }),
        ...(history === undefined ? {} : { history: JSON.stringify(history) }),
        attachments: kept,
        document: attachments["data"] === null ? undefined : model.state?.document,
        version,
      };
      return String(version);
    },
    loadDocument: async (slot) =>
      slot === 2 ? model.secondDocument : (model.document ?? model.state?.document),
    async saveDocument(document, slot) {
      model[slot === 2 ? "secondDocument" : "document"] = Uint8Array.from(document);
    },
  };
}

export function createFakeLeaseStore(model: StoreModel): LeaseStore {
  const view = (): VersionedLease | undefined =>
    model.lease && { ...structuredClone(model.lease.record), version: String(model.lease.version) };
  return {
    read: async () => view(),
    async write(record, basedOn) {
      const known = model.lease === undefined ? undefined : String(model.lease.version);
      if (known !== basedOn) throw new ConflictError("the lease");
      const { holder, renewedAt, acquiredAt, durationMs, transitions, requests, purpose } =
        structuredClone(record);
      model.lease = {
        record: { holder, renewedAt, acquiredAt, durationMs, transitions, requests, purpose },
        version: model.nextVersion(),
      };
      return view()!;
    },
    async holderLives({ holder }) {
      if (holder === undefined) return false;
      const state = model.pods.get(holder);
      if (state === "unknown" || (state === undefined && holder.includes("_"))) return undefined;
      return state === "running";
    },
  };
}
