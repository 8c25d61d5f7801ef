/** Typed calls to the API server. They throw what translate() makes of a failure, never anything raw. */
import { ApiFailure, NoAnswer, translate, type Asked } from "./failures.ts";
import { apiVersionOf, pathOf, type Place, type Resource } from "./resources.ts";
import type { ApiRequest, Transport } from "./transport.ts";

export interface Named {
  namespace?: string | undefined;
  name: string;
}

export interface ListOptions {
  namespace?: string | undefined;
  fieldSelector?: string | undefined;
}

export interface Api {
  /** undefined when there is none (404). */
  find<T extends object>(resource: Resource<T>, place: Named): Promise<T | undefined>;
  /** All of them, page by page. */
  list<T extends object>(resource: Resource<T>, options?: ListOptions): Promise<T[]>;
  create<T extends object>(resource: Resource<T>, namespace: string | undefined, body: T): Promise<T>;
  /** A JSON merge patch: null removes; with a resourceVersion in it the write is conditional. */
  patch<T extends object>(resource: Resource<T>, place: Named, body: object): Promise<T>;
  /** Starts a deletion, under the condition that the object has this uid. */
  delete(resource: Resource<object>, place: Named, uid: string): Promise<void>;
  /** The text of a subresource, such as a pod's log. */
  text(resource: Resource<object>, place: Place, query: Record<string, string>): Promise<string>;
  version(): Promise<string>;
}

const pageSize = 500;

type Ask = (what: string, asked: Asked, request: ApiRequest) => Promise<object>;

export function createApi(transport: Transport): Api {
  const ask: Ask = async (what, asked, request) => {
    try {
      return parseObject(await transport.send(request));
    } catch (error) {
      throw translate(error, what, asked);
    }
  };
  return { ...reads(transport, ask), ...writes(ask) };
}

function reads(transport: Transport, ask: Ask): Pick<Api, "find" | "list" | "text" | "version"> {
  return {
    async find<T extends object>(resource: Resource<T>, place: Named) {
      try {
        return parseObject(await transport.send({ method: "GET", path: pathOf(resource, place) })) as T;
      } catch (error) {
        if (error instanceof ApiFailure && error.status === 404) return undefined;
        throw translate(error, nameOf(resource, place), { verb: "get", resource, ...place });
      }
    },

    async list<T extends object>(resource: Resource<T>, options: ListOptions = {}) {
      const { namespace, fieldSelector } = options;
      const path = pathOf(resource, { namespace });
      const what = resource.plural + (namespace === undefined ? "" : ` of namespace ${namespace}`);
      const asked = { verb: "list", resource, namespace };
      const found: T[] = [];
      let next: string | undefined;
      do {
        const query = { fieldSelector, limit: String(pageSize), continue: next };
        const page = (await ask(what, asked, { method: "GET", path, query })) as ListPage<T>;
        if (page.items === undefined) throw translate(new NoAnswer("answered with no list"), what, asked);
        found.push(...(page.items ?? []));
        next = page.metadata?.continue;
      } while (next !== undefined && next !== "");
      return found;
    },

    async text(resource, place, query) {
      try {
        return await transport.send({ method: "GET", path: pathOf(resource, place), query });
      } catch (error) {
        throw translate(error, nameOf(resource, place), { verb: "get", resource, ...place });
      }
    },

    async version() {
      const asked = { verb: "get", resource: { group: "", plural: "/version" } };
      const answer = await ask("its version", asked, { method: "GET", path: "/version" });
      if ("gitVersion" in answer && typeof answer.gitVersion === "string") return answer.gitVersion;
      throw translate(new NoAnswer("answered without a version"), "its version", asked);
    },
  };
}

function writes(ask: Ask): Pick<Api, "create" | "patch" | "delete"> {
  return {
    async create<T extends object>(resource: Resource<T>, namespace: string | undefined, object: T) {
      const name = (object as { metadata?: { name?: string } }).metadata?.name;
      const asked = { verb: "create", resource, namespace };
      const path = pathOf(resource, { namespace });
      const body = { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object };
      return (await ask(nameOf(resource, { namespace, name }), asked, { method: "POST", path, body })) as T;
    },

    async patch<T extends object>(resource: Resource<T>, place: Named, body: object) {
      const asked = { verb: "patch", resource, ...place };
      const contentType = "application/merge-patch+json";
      const request = { method: "PATCH", path: pathOf(resource, place), body, contentType } as const;
      return (await ask(nameOf(resource, place), asked, request)) as T;
    },

    async delete(resource, place, uid) {
      const asked = { verb: "delete", resource, ...place };
      const options = { preconditions: { uid }, propagationPolicy: "Background" };
      const body = { apiVersion: "v1", kind: "DeleteOptions", ...options };
      await ask(nameOf(resource, place), asked, { method: "DELETE", path: pathOf(resource, place), body });
    },
  };
}

interface ListPage<T> {
  items?: T[] | null;
  metadata?: { continue?: string };
}

function parseObject(text: string): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new NoAnswer("answered with something that is not JSON");
  }
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed;
  throw new NoAnswer("answered with something that is no object");
}

function nameOf({ kind }: Resource<unknown>, { namespace, name, subresource }: Place): string {
  const path = [namespace, name, subresource].filter((part) => part !== undefined).join("/");
  return path === "" ? kind : `${kind} ${path}`;
}
