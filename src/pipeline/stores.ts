/** Where the engine keeps its state and its lock: two ports, each with conditional writes. */
import type { DocumentSlot } from "../domain/run.ts";
import { CheckpointError } from "../errors.ts";

/** The state as stored; documents are parsed JSON, unchecked. */
export interface StoredState {
  run: unknown;
  history: unknown;
  /** What is kept beside, by name; compressing it is the store's business. */
  attachments: Record<string, unknown>;
  /** Names of attachments that are there and can't be read. */
  unreadable: string[];
  /** Opaque; a save must name the one it is based on. */
  version: string;
}

/** The ConfigMap of the state holds what can't be used; by default it is looked at, and given up where that may be. */
export function unreadable(
  { namespace, name }: { namespace: string; name: string },
  what: string,
  hint?: string,
): CheckpointError {
  const target = `configmap ${name} -n ${namespace}`;
  const look = `look:  kubectl get ${target} -o yaml; if you don't need its run:  kubectl delete ${target}`;
  const message = `ConfigMap ${namespace}/${name}: ${what}`;
  return new CheckpointError("STATE_UNREADABLE", message, { hint: hint ?? look });
}

/** What to write: undefined leaves a part as it is, null removes an attachment. */
export interface StateChange {
  run?: unknown;
  history?: unknown;
  attachments?: Record<string, unknown>;
}

export interface StateStore {
  /**
   * undefined when nothing was ever stored. Throws CheckpointError for what can't be read (not JSON, foreign
   * keys), TransientError for an outage.
   */
  load(): Promise<StoredState | undefined>;
  /**
   * Writes if the stored version still is `basedOn` (undefined: nothing is stored yet); returns the new version.
   * Throws ConflictError when somebody else wrote, also when it is gone.
   */
  save(change: StateChange, basedOn: string | undefined): Promise<string>;
  /** The data configuration that a run is pinned to, kept apart: it may be as large as all the rest. */
  loadDocument(slot: DocumentSlot): Promise<Uint8Array | undefined>;
  /** Replaces the data configuration of that place. */
  saveDocument(document: Uint8Array, slot: DocumentSlot): Promise<void>;
}

/** The lock, as the store has it. */
export interface LeaseRecord {
  /** undefined: nobody holds it. */
  holder: string | undefined;
  /** Milliseconds since the epoch. */
  renewedAt: number | undefined;
  acquiredAt: number | undefined;
  durationMs: number;
  /** How often it changed hands. */
  transitions: number;
  /** Requests of operators to the builder, by kind, as JSON; they outlive the holder. */
  requests: Record<string, string>;
  /** What its holder does when that is not a run: the verb of an operator. */
  purpose?: string | undefined;
}

export interface VersionedLease extends LeaseRecord {
  version: string;
}

export interface LeaseStore {
  read(): Promise<VersionedLease | undefined>;
  /** Conditional write like StateStore.save; throws ConflictError. */
  write(lease: LeaseRecord, basedOn: string | undefined): Promise<VersionedLease>;
  /**
   * Whether the holder's pod (or process on this host) still lives: false when it is gone or finished, undefined
   * when that can't be told (another host, or the question failed).
   */
  holderLives(lease: LeaseRecord): Promise<boolean | undefined>;
}
