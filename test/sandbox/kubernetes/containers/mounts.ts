/** What a container finds when it starts: the files of its volumes, and its environment. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Store } from "../store.ts";
import type { KubeObject, Loose } from "../types.ts";

/** Writes the files of the first container of a pod below `root`, which stands for its file system. */
export function mountVolumes(store: Store, pod: KubeObject, root: string): void {
  const [container] = pod.spec.containers as Loose[];
  const write = (at: string, content: Buffer | string) => {
    mkdirSync(path.join(root, path.dirname(at)), { recursive: true });
    writeFileSync(path.join(root, at), content, { mode: 0o600 });
  };
  for (const { name, mountPath, subPath } of (container.volumeMounts ?? []) as Loose[]) {
    const files = filesOf(store, pod, name);
    if (subPath) {
      write(mountPath, files.get(subPath) ?? "");
      continue;
    }
    mkdirSync(path.join(root, mountPath), { recursive: true });
    for (const [file, content] of files) write(path.join(mountPath, file), content);
  }
  write(terminationLogOf(container), "");
}

/** The path of the termination message, as the container knows it. */
export const terminationLogOf = (container: Loose): string =>
  String(container.terminationMessagePath ?? "/dev/termination-log");

/** The files of a volume of ConfigMaps and Secrets; any other volume is empty. */
function filesOf(store: Store, pod: KubeObject, name: string): Map<string, Buffer> {
  const volume = (pod.spec.volumes as Loose[]).find((one) => one.name === name);
  const sources = (volume?.projected?.sources ?? [volume]) as Loose[];
  return new Map(sources.flatMap((source) => [...filesOfSource(store, pod.metadata.namespace, source)]));
}

function* filesOfSource(
  store: Store,
  namespace: string | undefined,
  source: Loose,
): Iterable<[string, Buffer]> {
  const of = source?.configMap ?? source?.secret;
  if (!of) return;
  const object = store.get(source.configMap ? "ConfigMap" : "Secret", namespace, of.name ?? of.secretName);
  const items =
    of.items ?? Object.keys({ ...object?.data, ...object?.binaryData }).map((key) => ({ key, path: key }));
  for (const { key, path: file } of items as Loose[]) {
    const content = object && valueOf(object, key);
    if (content) yield [file, content];
  }
}

function valueOf(object: KubeObject, key: string): Buffer | undefined {
  const [text, binary] = [object.data?.[key], object.binaryData?.[key]];
  if (text === undefined) return binary && Buffer.from(binary, "base64");
  return Buffer.from(text, object.kind === "Secret" ? "base64" : "utf8");
}

/** The environment of the first container; a path of a volume leads below `root`. */
export function environmentOf(store: Store, pod: KubeObject, root: string): Record<string, string> {
  const [container] = pod.spec.containers as Loose[];
  const mounted = ((container.volumeMounts ?? []) as Loose[]).map(({ mountPath }) => String(mountPath));
  const isMounted = (value: string) => mounted.some((at) => value === at || value.startsWith(`${at}/`));
  const whole = ((container.envFrom ?? []) as Loose[]).flatMap((source) => wholeOf(store, pod, source));
  const single = ((container.env ?? []) as Loose[]).flatMap(({ name, value, valueFrom }) => {
    const text = valueFrom ? lookUp(store, pod, valueFrom) : String(value ?? "");
    return text === undefined ? [] : [[name, text]];
  });
  const all = [...whole, ...single] as [string, string][];
  return Object.fromEntries(all.map(([name, value]) => [name, isMounted(value) ? root + value : value]));
}

function wholeOf(store: Store, pod: KubeObject, { prefix = "", secretRef, configMapRef }: Loose): string[][] {
  const kind = secretRef ? "Secret" : "ConfigMap";
  const object = store.get(kind, pod.metadata.namespace, (secretRef ?? configMapRef).name);
  return Object.keys(object?.data ?? {}).map((key) => [`${prefix}${key}`, valueOf(object!, key)!.toString()]);
}

function lookUp(
  store: Store,
  pod: KubeObject,
  { fieldRef, secretKeyRef, configMapKeyRef }: Loose,
): string | undefined {
  if (fieldRef) return fieldAt(pod, fieldRef.fieldPath);
  const of = secretKeyRef ?? configMapKeyRef;
  const object = store.get(secretKeyRef ? "Secret" : "ConfigMap", pod.metadata.namespace, of.name);
  return object && valueOf(object, of.key)?.toString();
}

/** `metadata.name`, or one of a map: `metadata.labels['a/b']`. */
function fieldAt(pod: KubeObject, fieldPath: string): string {
  const [, field = "", key] = /^([^[]+)(?:\['(.+)'\])?$/.exec(fieldPath) ?? [];
  const value = field.split(".").reduce((of: Loose, part) => of?.[part], pod);
  return String((key === undefined ? value : value?.[key]) ?? "");
}

/** Variables for a program that can't be given a file system of its own: where the files are that it looks for. */
export const pathsBelow = (root: string, paths: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(paths).flatMap(([name, at]) => (existsSync(root + at) ? [[name, root + at]] : [])),
  );
