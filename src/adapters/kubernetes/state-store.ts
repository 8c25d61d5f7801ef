import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import { CoreV1Api, type V1ConfigMap } from "@kubernetes/client-node";
import { parseJson } from "../../domain/json.ts";
import { documentName, labels, managedBy, stateName } from "../../domain/names.ts";
import type { DocumentSlot } from "../../domain/run.ts";
import { CheckpointError, ConflictError, TransientError } from "../../errors.ts";
import { type StateChange, type StateStore, type StoredState, unreadable } from "../../pipeline/stores.ts";
import { type KubernetesConnection, mergePatch } from "./client.ts";
import { causesOf, unlessRefused } from "./failures.ts";

const runKey = "run.json";
const historyKey = "history.json";
const attachmentEnding = ".br";
const documentKey = "data.br";
/** Quick and close to the best for such text; a document is written once, and may take a second. */
const quality = { attachment: 6, document: 9 };

/** The run's state in ConfigMaps of the environment, in the builder's own namespace. */
export function createStateStore(
  connection: KubernetesConnection,
  { environment }: { environment: string },
): StateStore {
  const core = connection.api(CoreV1Api);
  const { namespace } = connection;
  const place = { namespace, name: stateName(environment) };
  const documentPlace = (slot: DocumentSlot) => ({ namespace, name: documentName(environment, slot) });
  const own = { [labels.managedBy]: managedBy, [labels.environment]: environment };

  const find = (at: Place) => unlessRefused(core.readNamespacedConfigMap(at), 404);
  const patch = (at: Place, content: Partial<Content>, metadata: { resourceVersion?: string } = {}) => {
    const patched = core.patchNamespacedConfigMap({ ...at, body: { metadata, ...content } }, mergePatch);
    return unlessRefused(patched, 404).catch((error: unknown) => refuse(error, at));
  };
  const create = (at: Place, { binaryData = {}, ...content }: Partial<Content>) => {
    // A new object has nothing to remove.
    const kept = Object.entries(binaryData).filter((entry): entry is [string, string] => entry[1] !== null);
    const metadata = { name: at.name, labels: own };
    const body = { metadata, ...content, binaryData: Object.fromEntries(kept) };
    return core.createNamespacedConfigMap({ namespace, body }).catch((error: unknown) => refuse(error, at));
  };

  return {
    async load() {
      const configMap = await find(place);
      return configMap && read(configMap, place);
    },

    async save(change, basedOn) {
      const content = contentOf(change);
      const written = await (basedOn === undefined
        ? create(place, content)
        : patch(place, content, { resourceVersion: basedOn }));
      if (written) return written.metadata?.resourceVersion ?? "";
      // gone since it was read: somebody else has deleted it
      throw new ConflictError(`configmap ${place.name} in namespace ${namespace}`);
    },

    async loadDocument(slot) {
      // Version 1.0 kept it with the state: a run that it began goes on with it.
      const kept = (await find(documentPlace(slot))) ?? (slot === 1 ? await find(place) : undefined);
      const bytes = kept?.binaryData?.[documentKey];
      try {
        return bytes === undefined ? undefined : decompress(bytes);
      } catch {
        throw new CheckpointError("STATE_DATA", "the data configuration kept with the run is damaged");
      }
    },

    async saveDocument(document, slot) {
      const at = documentPlace(slot);
      const content = { binaryData: { [documentKey]: compress(document, quality.document) } };
      if (!(await patch(at, content))) await create(at, content);
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

/** Tells what no second try can save: too large, or refused for what it is. */
function refuse(error: unknown, { namespace, name }: Place): never {
  if (!(error instanceof TransientError) || (error.status !== 413 && error.status !== 422)) throw error;
  const options = { details: error.details, cause: error };
  if (error.status === 413 || causesOf(error).includes("FieldValueTooLong")) {
    const message = `the state is too large for ConfigMap ${namespace}/${name}`;
    throw new CheckpointError("STATE_TOO_LARGE", message, { ...options, hint: "a ConfigMap holds 1 MiB" });
  }
  const message = `the state can't be kept in ConfigMap ${namespace}/${name}`;
  const hint = `look at it with: kubectl get configmap ${name} -n ${namespace} -o yaml; was it made immutable?`;
  throw new CheckpointError("STATE_REFUSED", message, { ...options, hint });
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
  if (foreign.length > 0) throw unreadable(place, `this powo-builder does not write ${foreign.join(", ")}`);
  const [run, history] = [runKey, historyKey].map((key) => {
    const parsed = parseJson(data[key] ?? "");
    if (parsed === undefined && key in data) throw unreadable(place, `${key} is not JSON`);
    return parsed;
  });
  const attachments: Record<string, unknown> = {};
  const damaged: string[] = [];
  for (const [key, text] of Object.entries(binaryData)) {
    if (key === documentKey) continue;
    const name = key.slice(0, -attachmentEnding.length);
    try {
      attachments[name] = JSON.parse(decompress(text).toString());
    } catch {
      damaged.push(name);
    }
  }
  const version = metadata?.resourceVersion ?? "";
  return { run, history, attachments, unreadable: damaged, version };
}
