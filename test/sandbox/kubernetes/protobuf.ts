/**
 * Reads the few messages that Helm and kubectl send as protobuf. Field numbers are those of the
 * generated.proto files in k8s.io/api and k8s.io/apimachinery.
 */
import { badRequest } from "./errors.ts";
import { timestamp } from "./types.ts";
import type { Loose } from "./types.ts";

type Scalar = "string" | "bytes" | "int" | "bool" | "time";
interface Field {
  name: string;
  type: Scalar | Message;
  repeated?: boolean;
  /** A map with string keys; `type` is that of its values. */
  map?: boolean;
}
type Message = Record<number, Field>;

const field = (name: string, type: Field["type"] = "string"): Field => ({ name, type });
const list = (name: string, type: Field["type"] = "string"): Field => ({ name, type, repeated: true });
const map = (name: string, type: Field["type"] = "string"): Field => ({ name, type, map: true });

const ownerReference: Message = {
  1: field("kind"),
  3: field("name"),
  4: field("uid"),
  5: field("apiVersion"),
  6: field("controller", "bool"),
  7: field("blockOwnerDeletion", "bool"),
};

const metadata = field("metadata", {
  1: field("name"),
  2: field("generateName"),
  3: field("namespace"),
  5: field("uid"),
  6: field("resourceVersion"),
  7: field("generation", "int"),
  8: field("creationTimestamp", "time"),
  9: field("deletionTimestamp", "time"),
  10: field("deletionGracePeriodSeconds", "int"),
  11: map("labels"),
  12: map("annotations"),
  13: list("ownerReferences", ownerReference),
  14: list("finalizers"),
});

const resourceAttributes: Message = {
  1: field("namespace"),
  2: field("verb"),
  3: field("group"),
  4: field("version"),
  5: field("resource"),
  6: field("subresource"),
  7: field("name"),
};

const messages: Record<string, Message> = {
  Secret: {
    1: metadata,
    2: map("data", "bytes"),
    3: field("type"),
    4: map("stringData"),
    5: field("immutable", "bool"),
  },
  ConfigMap: { 1: metadata, 2: map("data"), 3: map("binaryData", "bytes"), 4: field("immutable", "bool") },
  Namespace: {
    1: metadata,
    2: field("spec", { 1: list("finalizers") }),
    3: field("status", { 1: field("phase") }),
  },
  ServiceAccount: { 1: metadata, 4: field("automountServiceAccountToken", "bool") },
  SelfSubjectAccessReview: {
    1: metadata,
    2: field("spec", { 1: field("resourceAttributes", resourceAttributes) }),
  },
  DeleteOptions: {
    1: field("gracePeriodSeconds", "int"),
    2: field("preconditions", { 1: field("uid"), 2: field("resourceVersion") }),
    3: field("orphanDependents", "bool"),
    4: field("propagationPolicy"),
    5: list("dryRun"),
  },
};

const envelope: Message = {
  1: field("typeMeta", { 1: field("apiVersion"), 2: field("kind") }),
  2: field("raw", "bytes"),
};

export const magic = Buffer.from("k8s\0", "latin1");

/** The object in a `k8s\0` envelope. */
export function decodeProtobuf(body: Buffer): Loose {
  if (!body.subarray(0, 4).equals(magic))
    throw badRequest("provided data does not appear to be a protobuf message");
  const { typeMeta, raw } = decode(body.subarray(4), envelope);
  const message = messages[typeMeta?.kind as string];
  if (!message)
    throw badRequest(`the emulator reads no protobuf of kind ${String(typeMeta?.kind)}: add its schema`);
  return { ...typeMeta, ...decode(Buffer.from(raw as string, "base64"), message) };
}

/** Reads one varint; numbers here stay below 2^53. */
function varint(bytes: Buffer, at: number): [value: number, next: number] {
  let [value, factor, next] = [0, 1, at];
  for (;;) {
    const byte = bytes[next]!;
    next += 1;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return [value, next];
    factor *= 128;
  }
}

function decode(bytes: Buffer, message: Message): Loose {
  const result: Loose = {};
  for (let at = 0; at < bytes.length;) {
    let tag: number;
    let value: number | Buffer;
    [tag, at] = varint(bytes, at);
    const wire = tag & 7;
    if (wire === 0) {
      [value, at] = varint(bytes, at);
    } else if (wire === 2) {
      const [length, start] = varint(bytes, at);
      value = bytes.subarray(start, start + length);
      at = start + length;
    } else {
      throw badRequest(`unexpected protobuf wire type ${wire}`);
    }
    const known = message[tag >>> 3];
    if (known) set(result, known, value);
  }
  return result;
}

function set(result: Loose, { name, type, repeated, map: isMap }: Field, value: number | Buffer): void {
  if (isMap) {
    const entry = decode(value as Buffer, { 1: field("key"), 2: { name: "value", type } });
    result[name] ??= {};
    result[name][entry.key ?? ""] = entry.value ?? "";
    return;
  }
  const read = convert(type, value);
  if (repeated) (result[name] ??= []).push(read);
  // Go writes the zero value of fields that JSON omits.
  else if (read !== "" && read !== undefined && !(type === "int" && read === 0 && name === "generation")) {
    result[name] = read;
  }
}

function convert(type: Field["type"], value: number | Buffer): Loose {
  if (type === "int") return value;
  if (type === "bool") return value === 1;
  if (type === "string") return (value as Buffer).toString("utf8");
  if (type === "bytes") return (value as Buffer).toString("base64");
  if (type === "time") {
    const { seconds } = decode(value as Buffer, { 1: field("seconds", "int") });
    return seconds === undefined ? undefined : timestamp(Number(seconds) * 1000);
  }
  return decode(value as Buffer, type);
}
