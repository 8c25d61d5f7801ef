/** Secrets and ConfigMaps that a pod needs and that are not there keep it from starting. */
import type { Store } from "../store.ts";
import type { KubeObject, Loose } from "../types.ts";
import type { Moment } from "./timeline.ts";

/** The moment of a pod that waits for something; undefined when it has all it needs. */
export function missingReference(store: Store, pod: KubeObject): Moment | undefined {
  const { namespace } = pod.metadata;
  for (const volume of (pod.spec.volumes ?? []) as Loose[]) {
    const problem =
      find(store, "Secret", namespace, volume.secret, String(volume.secret?.secretName)) ??
      find(store, "ConfigMap", namespace, volume.configMap, String(volume.configMap?.name));
    if (!problem) continue;
    const message = `MountVolume.SetUp failed for volume "${String(volume.name)}" : ${problem}`;
    return {
      name: "mount-failed",
      state: "waiting",
      reason: "ContainerCreating",
      inInit: true,
      events: [{ type: "Warning", reason: "FailedMount", message }],
    };
  }
  for (const container of pod.spec.containers as Loose[]) {
    const problem = environmentProblem(store, namespace, container);
    if (!problem) continue;
    const events = [
      { container: String(container.name), type: "Warning", reason: "Failed", message: `Error: ${problem}` },
    ] as const;
    return {
      name: "config-error",
      state: "waiting",
      reason: "CreateContainerConfigError",
      message: problem,
      events: [...events],
    };
  }
  return undefined;
}

function environmentProblem(
  store: Store,
  namespace: string | undefined,
  container: Loose,
): string | undefined {
  const whole = ((container.envFrom ?? []) as Loose[]).map(
    ({ secretRef, configMapRef }) =>
      find(store, "Secret", namespace, secretRef, String(secretRef?.name)) ??
      find(store, "ConfigMap", namespace, configMapRef, String(configMapRef?.name)),
  );
  const single = ((container.env ?? []) as Loose[]).map(({ valueFrom }) => {
    const [secret, configMap] = [valueFrom?.secretKeyRef, valueFrom?.configMapKeyRef];
    return (
      find(store, "Secret", namespace, secret, String(secret?.name), secret?.key) ??
      find(store, "ConfigMap", namespace, configMap, String(configMap?.name), configMap?.key)
    );
  });
  return [...whole, ...single].find(Boolean);
}

/** What is wrong with a reference, if there is one and it is not optional. */
function find(
  store: Store,
  kind: "Secret" | "ConfigMap",
  namespace: string | undefined,
  reference: Loose,
  name: string,
  key?: string,
): string | undefined {
  if (!reference || reference.optional) return undefined;
  const object = store.get(kind, namespace, name);
  if (!object) return `${kind.toLowerCase()} "${name}" not found`;
  if (!key || key in { ...object.data, ...object.binaryData }) return undefined;
  return `couldn't find key ${key} in ${kind} ${namespace ?? ""}/${name}`;
}
