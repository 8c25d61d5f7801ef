/**
 * What Pod Security's baseline forbids of a chart's pods (https://kubernetes.io/docs/concepts/security/pod-security-standards/);
 * pure. The builder's own chart holds its account to the same rules: chart/templates/admission-pods.yaml.
 */
import type { RenderedObject } from "./release.ts";

/** A field, `*` for every item, and what it may be; what is missing is allowed. */
type Rule = readonly [path: string, allowed: RegExp];

const no = /^(false|0|)$/;
const profile = /^(RuntimeDefault|Localhost)$/;
const capability =
  /^(AUDIT_WRITE|CHOWN|DAC_OVERRIDE|FOWNER|FSETID|KILL|MKNOD|NET_BIND_SERVICE|SETFCAP|SETGID|SETPCAP|SETUID|SYS_CHROOT)$/;
const sysctl =
  /^(kernel\.shm_rmid_forced|net\.ipv4\.(ip_local_port_range|ip_local_reserved_ports|ip_unprivileged_port_start|ping_group_range|tcp_(fin_timeout|keepalive_(intvl|probes|time)|rmem|syncookies|wmem)))$/;
const annotation =
  /^(?!container\.apparmor\.security\.beta\.kubernetes\.io\/)|^\S+ (|runtime\/default|localhost\/.*)$/;
const handlers = [
  "livenessProbe",
  "readinessProbe",
  "startupProbe",
  "lifecycle.postStart",
  "lifecycle.preStop",
];

const common: readonly Rule[] = [
  ["securityContext.windowsOptions.hostProcess", no],
  ["securityContext.seccompProfile.type", profile],
  ["securityContext.appArmorProfile.type", profile],
  ["securityContext.seLinuxOptions.type", /^(|container(_init|_kvm|_engine)?_t)$/],
  ["securityContext.seLinuxOptions.user", /^$/],
  ["securityContext.seLinuxOptions.role", /^$/],
];
const ofPods: readonly Rule[] = [
  ...[...common, ["hostNetwork", no] as const, ["hostPID", no] as const, ["hostIPC", no] as const],
  ["volumes.*.hostPath", /^$/],
  ["securityContext.sysctls.*.name", sysctl],
];
const ofContainers: readonly Rule[] = [
  ...common,
  ["securityContext.privileged", no],
  ["securityContext.capabilities.add.*", capability],
  ["securityContext.procMount", /^Default$/],
  ["ports.*.hostPort", no],
  ...handlers.flatMap((at) => ["httpGet", "tcpSocket"].map((how) => [`${at}.${how}.host`, /^$/] as const)),
];
/** Where the pod's parts are in what makes it, and the rules of each. */
const parts: readonly (readonly [path: string, what: string, rules: readonly Rule[]])[] = [
  ["metadata", "pod", [["annotations.*", annotation]]],
  ["spec", "pod", ofPods],
  ["spec.containers.*", "container", ofContainers],
  ["spec.initContainers.*", "init container", ofContainers],
  ["spec.ephemeralContainers.*", "ephemeral container", ofContainers],
];

/** Every field beyond the baseline, in words: `Deployment solr`, `container main: securityContext.privileged true`. */
export function beyondBaseline(objects: readonly RenderedObject[]): { object: string; field: string }[] {
  return objects.flatMap(({ kind, name, manifest }) => {
    // By its place, so that kinds nobody has listed are judged as well.
    const places = ["spec.template", "spec.jobTemplate.spec.template", "template"];
    const template = kind === "Pod" ? manifest : places.flatMap((place) => valuesAt(manifest, place))[0];
    const fields = parts.flatMap(([path, what, rules]) =>
      valuesAt(template, path).flatMap((part) =>
        broken(part, rules).map((field) => [what, ...valuesAt(part, "name")].join(" ") + `: ${field}`),
      ),
    );
    return fields.map((field) => ({ object: `${kind} ${name}`, field }));
  });
}

function broken(part: unknown, rules: readonly Rule[]): string[] {
  return rules.flatMap(([path, allowed]) =>
    valuesAt(part, path)
      .map((value) => (typeof value === "object" ? "{…}" : String(value as string | number | boolean)))
      .filter((value) => !allowed.test(value))
      .map((value) => `${path.replace(".*", "")} ${value}`),
  );
}

function valuesAt(value: unknown, path: string): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  const [key = "", ...rest] = path.split(".");
  const items = Array.isArray(value) ? value : Object.entries(value).map((entry) => entry.join(" "));
  const found: unknown[] = key === "*" ? items : [(value as Record<string, unknown>)[key]];
  const there = found.filter((item) => item !== null && item !== undefined);
  return rest.length === 0 ? there : there.flatMap((item) => valuesAt(item, rest.join(".")));
}
