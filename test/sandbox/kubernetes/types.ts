/** The shapes that every part of the emulator shares. */

/** Specs and statuses have no schema here; what reads them says what it expects. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the one door through which untyped JSON comes in
export type Loose = any;

interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ManagedFieldsEntry {
  manager: string;
  operation: "Apply" | "Update";
  apiVersion: string;
  time: string;
  fieldsType: "FieldsV1";
  fieldsV1: FieldsV1;
  subresource?: string;
}

/** Nested field names (`f:`), list keys (`k:`) and set members (`v:`); `.` is the thing itself. */
export interface FieldsV1 {
  [element: string]: FieldsV1;
}

export interface Meta {
  name: string;
  generateName?: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: ManagedFieldsEntry[];
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: Meta;
  spec?: Loose;
  status?: Loose;
  [field: string]: Loose;
}

export interface ResourceType {
  /** Plural and group, as in `deployments.apps`; plural alone in the core group. */
  id: string;
  group: string;
  version: string;
  apiVersion: string;
  plural: string;
  singular: string;
  kind: string;
  namespaced: boolean;
  shortNames: string[];
  categories: string[];
  subresources: string[];
  verbs: string[];
}

export interface WriteOptions {
  dryRun?: boolean;
  fieldManager?: string;
  subresource?: string;
}

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  preconditions?: { uid?: string; resourceVersion?: string };
  propagationPolicy?: "Orphan" | "Background" | "Foreground";
  orphanDependents?: boolean;
  dryRun?: string[];
}

/** What a SelfSubjectAccessReview asks about. */
export interface ResourceAttributes {
  namespace?: string;
  verb: string;
  group?: string;
  version?: string;
  resource?: string;
  subresource?: string;
  name?: string;
}

/** Times on the wire have whole seconds. */
export const timestamp = (milliseconds = Date.now()): string =>
  `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;

export const clone = <T>(value: T): T => structuredClone(value);

/** Equal as JSON, whatever the order of the keys; undefined is absent. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const present = (value: object) => Object.entries(value).filter(([, item]) => item !== undefined);
  const [left, right] = [present(a), present(b)];
  return (
    left.length === right.length &&
    left.every(([key, value]) => key in b && same(value, (b as Record<string, unknown>)[key]))
  );
}
