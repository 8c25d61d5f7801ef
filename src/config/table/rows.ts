import type { Kind, Setting } from "../setting.ts";
import { textKind } from "../setting.ts";

type Row<T> = Omit<Setting<T>, keyof Kind<T> | "default">;

/** A setting that always has a value. */
export function withDefault<T>(kind: Kind<T>, text: string, row: Row<T>): Setting<T> {
  return { ...kind, ...row, default: text };
}

/** A setting that may be absent. */
export function optional<T>(kind: Kind<T>, row: Row<T | undefined>): Setting<T | undefined> {
  return { ...kind, ...row };
}

/** Any path. */
export const path: Kind<string> = textKind("path", /^[^\0]+$/, "a path; write one like /config/builder.yaml");
/** The name of a namespace. */
export const dnsLabel = (type: string) =>
  textKind(
    type,
    /^(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
    "a name of at most 63 of a-z, 0-9 and -; write builder-prod",
  );
/** The name of a Kubernetes object. */
export const objectName = (type: string) =>
  textKind(
    type,
    /^(?=.{1,253}$)[a-z0-9]([a-z0-9.:-]*[a-z0-9])?$/,
    "a name of a-z, 0-9, - and .; write builder",
  );
/** Any text, kept as it is. */
export const credential: Kind<string> = { type: "text", parse: (value) => ({ value }) };
