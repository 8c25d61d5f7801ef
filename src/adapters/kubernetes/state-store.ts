/** The run's state in a ConfigMap (contract.md, "What is in the cluster"). */
import { labels, managedBy, stateName } from "../../domain/names.ts";
import { CheckpointError, ConflictError } from "../../errors.ts";
import type { StateChange, StateStore, StoredState } from "../../pipeline/stores.ts";
import type { KubernetesConnection } from "./client.ts";
import { failureBehind, isStatus } from "./failures.ts";
import { resources, type ConfigMap } from "./resources.ts";

const runKey = "run.json";
const historyKey = "history.json";
const attachmentEnding = ".br";

/** The state of an environment, in the builder's own namespace. */
export function createStateStore(
  { api, namespace }: KubernetesConnection,
  { environment }: { environment: string },
): StateStore {
  const name = stateName(environment);
  const place = { namespace, name };

  return {
    async load() {
      const configMap = await api.find(resources.configMaps, place);
      return configMap && read(configMap, place);
    },

    async save(change, basedOn) {
      const content = contentOf(change);
      try {
        const written =
          basedOn === undefined
            ? await api.create(resources.configMaps, namespace, {
                metadata: {
                  name,
                  labels: { [labels.managedBy]: managedBy, [labels.environment]: environment },
                },
                ...(withoutNulls(content) as ConfigMap),
              })
            : await api.patch(resources.configMaps, place, {
                metadata: { resourceVersion: basedOn },
                ...content,
              });
        return written.metadata?.resourceVersion ?? "";
      } catch (error) {
        throw saveError(error, place, basedOn);
      }
    },
  };
}

interface Place {
  namespace: string;
  name: string;
}

function saveError(error: unknown, place: Place, basedOn: string | undefined): unknown {
  // gone since it was read: somebody else has deleted it (without a basis, 404 is about the namespace)
  if (basedOn !== undefined && isStatus(error, 404))
    return new ConflictError(`ConfigMap ${place.namespace}/${place.name}`, error);
  const failure = failureBehind(error);
  if (failure?.status !== 413 && failure?.status !== 422) return error;
  const target = `ConfigMap ${place.namespace}/${place.name}`;
  const options = { details: [failure.message], cause: error };
  if (failure.status === 413 || failure.causes.includes("FieldValueTooLong"))
    return new CheckpointError("STATE_TOO_LARGE", `the state is too large for ${target}`, {
      ...options,
      hint: "a ConfigMap holds 1 MiB, and the data configuration is kept in it, compressed",
    });
  return new CheckpointError("STATE_REFUSED", `the state can't be kept in ${target}`, {
    ...options,
    hint: `look at it with: kubectl get configmap ${place.name} -n ${place.namespace} -o yaml; was it made immutable?`,
  });
}

function contentOf({ run, history, attachments = {} }: StateChange): {
  data?: Record<string, string>;
  binaryData?: Record<string, string | null>;
} {
  const data = {
    ...(run !== undefined && { [runKey]: JSON.stringify(run) }),
    ...(history !== undefined && { [historyKey]: JSON.stringify(history) }),
  };
  const binaryData = Object.fromEntries(
    Object.entries(attachments).map(([name, bytes]) => [
      name + attachmentEnding,
      bytes && Buffer.from(bytes).toString("base64"),
    ]),
  );
  return {
    ...(Object.keys(data).length > 0 && { data }),
    ...(Object.keys(binaryData).length > 0 && { binaryData }),
  };
}

const withoutNulls = (content: ReturnType<typeof contentOf>): object => ({
  ...content,
  ...(content.binaryData && {
    binaryData: Object.fromEntries(Object.entries(content.binaryData).filter(([, bytes]) => bytes !== null)),
  }),
});

function read({ metadata, data = {}, binaryData = {} }: ConfigMap, place: Place): StoredState {
  const foreign = [
    ...Object.keys(data).filter((key) => key !== runKey && key !== historyKey),
    ...Object.keys(binaryData).filter((key) => !key.endsWith(attachmentEnding)),
  ];
  if (foreign.length > 0)
    throw unreadable(place, foreign.join(", "), "is nothing that this powo-builder writes");
  const parse = (key: string): unknown => {
    const text = data[key];
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text);
    } catch {
      throw unreadable(place, key, "is not JSON");
    }
  };
  return {
    run: parse(runKey),
    history: parse(historyKey),
    attachments: Object.fromEntries(
      Object.entries(binaryData).map(([key, bytes]) => [
        key.slice(0, -attachmentEnding.length),
        Buffer.from(bytes, "base64"),
      ]),
    ),
    version: metadata?.resourceVersion ?? "",
  };
}

function unreadable({ namespace, name }: Place, key: string, what: string): CheckpointError {
  const target = `configmap ${name} -n ${namespace}`;
  return new CheckpointError(
    "STATE_UNREADABLE",
    `ConfigMap ${namespace}/${name} can't be used: ${key} ${what}`,
    {
      hint: `look at it with: kubectl get ${target} -o yaml; after kubectl delete ${target} the next run starts afresh`,
    },
  );
}
