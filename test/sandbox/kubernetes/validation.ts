/** What the API server refuses: bad names and labels, what is too large, and what may not change. */
import { cause, invalid } from "./errors.ts";
import type { Cause } from "./errors.ts";
import { selectorMatches } from "./selectors.ts";
import { same } from "./types.ts";
import type { KubeObject, Loose, ResourceType } from "./types.ts";

const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const dns1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const labelValue =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

const nameRules = {
  label: { pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, text: label, max: 63 },
  service: { pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/, text: dns1035, max: 63 },
  subdomain: {
    pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    text: subdomain,
    max: 253,
  },
  path: { pattern: /^(?!\.\.?$)[^/%]+$/, text: "may not contain '/' or '%'", max: 253 },
};

function nameRule(kind: string): (typeof nameRules)[keyof typeof nameRules] {
  if (kind === "Namespace") return nameRules.label;
  if (kind === "Service") return nameRules.service;
  return /Role(Binding)?$/.test(kind) ? nameRules.path : nameRules.subdomain;
}

const maxDataBytes = 1_048_576;

/** Throws a 422 that lists everything that is wrong with an object. */
export function validate(type: ResourceType, object: KubeObject, live?: KubeObject): void {
  const causes = [
    ...(live ? unchangeable(type, object, live) : nameProblems(type, object)),
    ...labelProblems(object),
    ...dataProblems(type, object),
    ...templateProblems(object),
  ];
  if (causes.length > 0) throw invalid(type, object.metadata.name, causes);
}

function nameProblems(type: ResourceType, object: KubeObject): Cause[] {
  const { name } = object.metadata;
  const rule = nameRule(type.kind);
  const value = (text: string) =>
    cause("Invalid", "metadata.name", `Invalid value: ${JSON.stringify(name)}: ${text}`);
  if (!name) return [cause("Required", "metadata.name", "Required value: name or generateName is required")];
  if (name.length > rule.max) return [value(`must be no more than ${rule.max} bytes`)];
  // The controller appends a time to a CronJob's name to name its Jobs.
  if (type.kind === "CronJob" && name.length > 52) return [value("must be no more than 52 characters")];
  return rule.pattern.test(name) ? [] : [value(rule.text)];
}

function labelProblems(object: KubeObject): Cause[] {
  return Object.entries(object.metadata.labels ?? {}).flatMap(([, text]) => {
    const problem = (why: string) => [
      cause("Invalid", "metadata.labels", `Invalid value: ${JSON.stringify(text)}: ${why}`),
    ];
    if (text.length > 63) return problem("must be no more than 63 bytes");
    return /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/.test(text) ? [] : problem(labelValue);
  });
}

function dataProblems(type: ResourceType, object: KubeObject): Cause[] {
  if (type.kind !== "Secret" && type.kind !== "ConfigMap") return [];
  const field = type.kind === "Secret" ? "data" : "[]";
  const bytes = (values: unknown, encoding: BufferEncoding) =>
    Object.values((values ?? {}) as Record<string, string>).reduce(
      (sum, value) => sum + Buffer.byteLength(value, encoding),
      0,
    );
  const size =
    type.kind === "Secret"
      ? bytes(object.data, "base64")
      : bytes(object.data, "utf8") + bytes(object.binaryData, "base64");
  const keys = Object.keys({ ...object.data, ...object.binaryData }).filter(
    (key) => !/^[-._a-zA-Z0-9]+$/.test(key),
  );
  return [
    ...keys.map((key) =>
      cause(
        "Invalid",
        `data[${key}]`,
        `Invalid value: ${JSON.stringify(key)}: a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
      ),
    ),
    ...(size > maxDataBytes
      ? [cause("TooLong", field, `Too long: may not be more than ${maxDataBytes} bytes`)]
      : []),
  ];
}

function templateProblems({ kind, spec }: KubeObject): Cause[] {
  const selecting = ["Deployment", "StatefulSet", "ReplicaSet", "DaemonSet"].includes(kind);
  if (!selecting && kind !== "Job" && kind !== "Pod") return [];
  const pod = kind === "Pod" ? spec : spec?.template?.spec;
  const at = kind === "Pod" ? "spec" : "spec.template.spec";
  const causes = selecting ? selectorProblems(spec) : [];
  if (!pod?.containers?.length) causes.push(cause("Required", `${at}.containers`, "Required value"));
  if (kind === "Job" && !["Never", "OnFailure"].includes(String(pod?.restartPolicy))) {
    const text = `Required value: valid values: "OnFailure", "Never"`;
    causes.push(cause("Required", `${at}.restartPolicy`, text));
  }
  return causes;
}

function selectorProblems(spec: Loose): Cause[] {
  if (!spec?.selector) return [cause("Required", "spec.selector", "Required value")];
  const metadata = { ...spec.template?.metadata };
  if (selectorMatches(spec.selector, { metadata } as KubeObject)) return [];
  const labels = JSON.stringify(metadata.labels ?? null);
  const text = `Invalid value: ${labels}: \`selector\` does not match template \`labels\``;
  return [cause("Invalid", "spec.template.metadata.labels", text)];
}

/** Fields that are fixed once the object exists. */
const fixed: Record<string, string[]> = {
  Deployment: ["spec.selector"],
  ReplicaSet: ["spec.selector"],
  DaemonSet: ["spec.selector"],
  Job: ["spec.selector", "spec.template", "spec.completions", "spec.completionMode"],
  StatefulSet: ["spec.selector", "spec.serviceName", "spec.volumeClaimTemplates", "spec.podManagementPolicy"],
  PersistentVolumeClaim: ["spec.storageClassName", "spec.accessModes"],
  RoleBinding: ["roleRef"],
  ClusterRoleBinding: ["roleRef"],
  Secret: ["type"],
};

function unchangeable(type: ResourceType, object: KubeObject, live: KubeObject): Cause[] {
  const at = (from: KubeObject, path: string): unknown =>
    path
      .split(".")
      .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], from);
  const causes = (fixed[type.kind] ?? [])
    .filter((path) => !same(at(object, path), at(live, path)))
    .map((path) =>
      cause("Invalid", path, `Invalid value: ${JSON.stringify(at(object, path))}: field is immutable`),
    );
  if (
    live.immutable === true &&
    (!same(object.data, live.data) || !same(object.binaryData, live.binaryData) || object.immutable !== true)
  ) {
    causes.push(cause("Forbidden", "data", "Forbidden: field is immutable when `immutable` is set"));
  }
  const old = live.metadata.finalizers ?? [];
  const added = (object.metadata.finalizers ?? []).filter((name) => !old.includes(name));
  if (live.metadata.deletionTimestamp && added.length > 0) {
    const list = added.map((name) => JSON.stringify(name)).join(", ");
    causes.push(
      cause(
        "Forbidden",
        "metadata.finalizers",
        `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
      ),
    );
  }
  return causes;
}
