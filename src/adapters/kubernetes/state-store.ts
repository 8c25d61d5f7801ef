/** The run's state in a ConfigMap. */
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import { CoreV1Api, type V1ConfigMap } from "@kubernetes/client-node";
import { documentName, labels, managedBy, stateName } from "../../domain/names.ts";
import { CheckpointError, ConflictError, TransientError } from "../../errors.ts";
import type { StateChange, StateStore, StoredState } from "../../pipeline/stores.ts";
import { parseJson } from "../json.ts";
import { type KubernetesConnection, mergePatch } from "./client.ts";
import { causesOf, unlessRefused } from "./failures.ts";

const runKey = "run.json";
const historyKey = "history.json";
const attachmentEnding = ".br";
const documentKey = "data.br";
/** Quick and close to the best for such text; a document is written once, and may take a second. */
const quality = { attachment: 6, document: 9 };

/** The state of an environment, in the builder's own namespace. */
export function createStateStore(
  connection: KubernetesConnection,
  { environment }: { environment: string },
): StateStore {
  const core = connection.api(CoreV1Api);
  const { namespace } = connection;
  const place = { namespace, name: stateName(environment) };
  const documentPlace = { namespace, name: documentName(environment) };
  const own = { [labels.managedBy]: managedBy, [labels.environment]: environment };

  const find = (at: Place) => unlessRefused(core.readNamespacedConfigMap(at), 404);
  const patch = (at: Place, content: Partial<Content>, metadata: { resourceVersion?: string } = {}) => {
    const patched = core.patchNamespacedConfigMap({ ...at, body: { metadata, ...content } }, mergePatch);
    return unlessRefused(patched, 404);
  };
  const create = ({ name }: Place, { binaryData = {}, ...content }: Partial<Content>) => {
    // A new object has nothing to remove.
    const kept = Object.entries(binaryData).filter((entry): entry is [string, string] => entry[1] !== null);
    const body = { metadata: { name, labels: own }, ...content, binaryData: Object.fromEntries(kept) };
    return core.createNamespacedConfigMap({ namespace, body });
  };

  return {
    async load() {
      const configMap = await find(place);
      return configMap && read(configMap, place);
    },

    async save(change, basedOn) {
      const content = contentOf(change);
      try {
        const written = await (basedOn === undefined
          ? create(place, content)
          : patch(place, content, { resourceVersion: basedOn }));
        if (written) return written.metadata?.resourceVersion ?? "";
      } catch (error) {
        throw saveError(error, place);
      }
      // gone since it was read: somebody else has deleted it
      throw new ConflictError(`configmap ${place.name} in namespace ${namespace}`);
    },

    async loadDocument() {
      // Version 1.0 kept it with the state: a run that it began goes on with it.
      const kept = (await find(documentPlace)) ?? (await find(place));
      const bytes = kept?.binaryData?.[documentKey];
      try {
        return bytes === undefined ? undefined : decompress(bytes);
      } catch {
        throw new CheckpointError("STATE_DATA", "the data configuration kept with the run is damaged");
      }
    },

    async saveDocument(document) {
      const content = { binaryData: { [documentKey]: compress(document, quality.document) } };
      try {
        if (!(await patch(documentPlace, content))) await create(documentPlace, content);
      } catch (error) {
        throw saveError(error, documentPlace);
      }
    },
  };
}

interface Place {
  namespace: string;
  name: string;
}

function compress(bytes: Uint8Array, level: number): string {
  const params = { [constants.BROTLI_PARAM_QUALITY]: level };
  return brotliCompressSync(bytes, { params }).toString("base64");
}

function decompress(text: string): Buffer {
  return brotliDecompressSync(Buffer.from(text, "base64"));
}

/** What no second try can save: too large, or refused for what it is. */
function saveError(error: unknown, { namespace, name }: Place): unknown {
  if (!(error instanceof TransientError) || (error.status !== 413 && error.status !== 422)) return error;
  const options = { details: error.details, cause: error };
  if (error.status === 413 || causesOf(error).includes("FieldValueTooLong")) {
    const message = `the state is too large for ConfigMap ${namespace}/${name}`;
    return new CheckpointError("STATE_TOO_LARGE", message, { ...options, hint: "a ConfigMap holds 1 MiB" });
  }
  const message = `the state can't be kept in ConfigMap ${namespace}/${name}`;
  const hint = `look at it with: kubectl get configmap ${name} -n ${namespace} -o yaml; was it made immutable?`;
  return new CheckpointError("STATE_REFUSED", message, { ...options, hint });
}

interface Content {
  data: Record<string, string>;
  binaryData: Record<string, string | null>;
}

function contentOf({ run, history, attachments = {} }: StateChange): Content {
  const encoded = Object.entries(attachments).map(([name, value]): [string, string | null] => [
    name + attachmentEnding,
    value === null ? null : compress(Buffer.from(JSON.stringify(value)), quality.attachment),
  ]);
  return {
    data: {
      ...(run !== undefined && { [runKey]: JSON.stringify(run) }),
      ...(history !== undefined && { [historyKey]: JSON.stringify(history) }),
    },
    binaryData: Object.fromEntries(encoded),
  };
}

/** The document, which version 1.0 kept here as well, is no attachment. */
function read({ metadata, data = {}, binaryData = {} }: V1ConfigMap, place: Place): StoredState {
  const foreign = [
    ...Object.keys(data).filter((key) => key !== runKey && key !== historyKey),
    ...Object.keys(binaryData).filter((key) => !key.endsWith(attachmentEnding)),
  ];
  if (foreign.length > 0)
    throw unusable(place, `${foreign.join(", ")} is nothing that this powo-builder writes`);
  const [run, history] = [runKey, historyKey].map((key) => {
    const parsed = parseJson(data[key] ?? "");
    if (parsed === undefined && key in data) throw unusable(place, `${key} is not JSON`);
    return parsed;
  });
  const attachments: Record<string, unknown> = {};
  const unreadable: string[] = [];
  for (const [key, text] of Object.entries(binaryData)) {
    if (key === documentKey) continue;
    const name = key.slice(0, -attachmentEnding.length);
    try {
      attachments[name] = JSON.parse(decompress(text).toString());
    } catch {
      unreadable.push(name);
    }
  }
  return { run, history, attachments, unreadable, version: metadata?.resourceVersion ?? "" };
}

function unusable({ namespace, name }: Place, what: string): CheckpointError {
  const target = `configmap ${name} -n ${namespace}`;
  const hint = `look at it with: kubectl get ${target} -o yaml; after kubectl delete ${target} the next run starts afresh`;
  return new CheckpointError("STATE_UNREADABLE", `ConfigMap ${namespace}/${name} can't be used: ${what}`, {
    hint,
  });
}
