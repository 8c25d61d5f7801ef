/**
 * Reads what Helm and kubectl send as protobuf (every typed client of theirs does). The messages are in
 * protobuf-messages.txt, a line each: field number, name and type, taken from the generated.proto files of
 * k8s.io/api and k8s.io/apimachinery 0.36 for the kinds that kubectl and Helm write. `[]` is a list, `{}` a
 * map with string keys.
 */
import { readFileSync } from "node:fs";
import { badRequest } from "./errors.ts";
import { timestamp } from "./types.ts";
import type { Loose } from "./types.ts";

interface Field {
  name: string;
  type: string;
  repeated: boolean;
  map: boolean;
}
type Message = Map<number, Field>;

const messages = new Map(
  readFileSync(new URL("./protobuf-messages.txt", import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line): [string, Message] => {
      const [kind = "", fields = ""] = line.split(": ");
      return [kind, new Map(fields.split(", ").filter(Boolean).map(parseField))];
    }),
);
for (const [kind, fields] of Object.entries({
  TypeMeta: ["1 apiVersion string", "2 kind string"],
  Unknown: ["1 typeMeta TypeMeta", "2 raw bytes"],
  Time: ["1 seconds int64", "2 nanos int32"],
  MicroTime: ["1 seconds int64", "2 nanos int32"],
  Quantity: ["1 string string"],
  IntOrString: ["1 type int64", "2 intVal int32", "3 strVal string"],
  FieldsV1: ["1 raw bytes"],
  RawExtension: ["1 raw bytes"],
})) {
  messages.set(kind, new Map(fields.map(parseField)));
}

function parseField(text: string): [number, Field] {
  const [number, name = "", type = ""] = text.split(" ");
  const plain = type.replace(/^(\[\]|\{\})/, "");
  return [Number(number), { name, type: plain, repeated: type.startsWith("[]"), map: type.startsWith("{}") }];
}

/** Messages whose fields JSON shows as fields of what holds them. */
const inlined = new Set([
  "handler",
  "volumeSource",
  "localObjectReference",
  "persistentVolumeSource",
  "ephemeralContainerCommon",
]);

/** Numbers and flags that Go writes when they are not set, and JSON omits; a zero elsewhere is meant. */
const unsetWhenZero = new Set([
  ...["generation", "observedGeneration", "hostPort", "nodePort", "initialDelaySeconds", "timeoutSeconds"],
  ...["periodSeconds", "successThreshold", "failureThreshold", "active", "succeeded", "failed", "count"],
  ...["stdin", "stdinOnce", "tty", "hostNetwork", "hostPID", "hostIPC", "readOnly", "paused"],
  ...["publishNotReadyAddresses", "minReadySeconds"],
]);

const magic = Buffer.from("k8s\0", "latin1");

/** The object in a `k8s\0` envelope. */
export function decodeProtobuf(body: Buffer): Loose {
  if (!body.subarray(0, 4).equals(magic)) {
    throw badRequest("provided data does not appear to be a protobuf message");
  }
  const { typeMeta, raw } = decode(body.subarray(4), "Unknown");
  const kind = String(typeMeta?.kind);
  if (!messages.has(kind))
    throw badRequest(`the emulator reads no protobuf of kind ${kind}: add its messages`);
  return { ...typeMeta, ...decode(Buffer.from((raw ?? "") as string, "base64"), kind) };
}

/** Reads one varint; negative ones take ten bytes. */
function varint(bytes: Buffer, at: number): [value: number, next: number] {
  let value = 0n;
  for (let [shift, next] = [0n, at]; ; shift += 7n) {
    const byte = bytes[next]!;
    next += 1;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return [Number(BigInt.asIntN(64, value)), next];
  }
}

function decode(bytes: Buffer, kind: string): Loose {
  const result: Loose = {};
  for (let at = 0; at < bytes.length;) {
    let tag: number;
    let value: number | Buffer;
    [tag, at] = varint(bytes, at);
    if ((tag & 7) === 0) {
      [value, at] = varint(bytes, at);
    } else if ((tag & 7) === 2) {
      const [length, start] = varint(bytes, at);
      value = bytes.subarray(start, start + length);
      at = start + length;
    } else {
      throw badRequest(`unexpected protobuf wire type ${tag & 7}`);
    }
    const field = messages.get(kind)?.get(tag >>> 3);
    if (field) set(result, field, value);
  }
  return result;
}

function set(result: Loose, { name, type, repeated, map }: Field, value: number | Buffer): void {
  if (map) {
    const { key, value: inner } = decodeEntry(value as Buffer, type);
    result[name] ??= {};
    result[name][key] = inner;
    return;
  }
  const read = convert(type, value);
  if (repeated) (result[name] ??= []).push(read);
  else if (inlined.has(name)) Object.assign(result as object, read);
  else if (read !== undefined && read !== "" && (read || !unsetWhenZero.has(name))) result[name] = read;
}

function decodeEntry(bytes: Buffer, type: string): { key: string; value: Loose } {
  const kind = `entry of ${type}`;
  if (!messages.has(kind)) messages.set(kind, new Map(["1 key string", `2 value ${type}`].map(parseField)));
  const { key = "", value = "" } = decode(bytes, kind);
  return { key, value };
}

function convert(type: string, value: number | Buffer): Loose {
  if (typeof value === "number") return type === "bool" ? value === 1 : value;
  switch (type) {
    case "string":
      return value.toString("utf8");
    case "bytes":
      return value.toString("base64");
    case "Time":
    case "MicroTime":
      return readTime(decode(value, type), type === "MicroTime");
    case "Quantity":
      return decode(value, "Quantity").string ?? "0";
    case "IntOrString": {
      const { type: isText, intVal = 0, strVal = "" } = decode(value, type);
      return isText ? strVal : intVal;
    }
    case "FieldsV1":
    case "RawExtension":
      return JSON.parse(Buffer.from((decode(value, type).raw ?? "") as string, "base64").toString() || "{}");
    default:
      return decode(value, type);
  }
}

function readTime({ seconds, nanos = 0 }: Loose, micro: boolean): string | undefined {
  if (seconds === undefined) return undefined;
  const whole = timestamp(Number(seconds) * 1000);
  return micro ? whole.replace("Z", `.${String(Math.floor(Number(nanos) / 1000)).padStart(6, "0")}Z`) : whole;
}
