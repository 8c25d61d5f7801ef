import * as z from "zod";
import type { HarvestList } from "../../domain/harvest.ts";
import { parseJson } from "../../domain/json.ts";
import type { Harvester } from "../../ports/harvester.ts";
import { ask, readJson, unexpected, type HttpAnswer } from "../http/send.ts";
import { fillPlaceholders } from "../http/url.ts";
import { executionSchema, listSchema } from "./schemas.ts";

const dependency = "the harvester";
const maxBytes = 32 * 1024 * 1024;

export interface HarvesterOptions {
  /** API_PREFIX, without a slash at its end; `{namespace}` is filled in. */
  apiPrefix: string;
  /** API_URL: the path of the API, from its slash on. */
  apiPath: string;
  username: string;
  password: string;
  /** 30 s where nothing is said. */
  timeoutMs?: number | undefined;
  /** 120 s where nothing is said: 83 jobs and 48 organisations are one row after the other. */
  importTimeoutMs?: number | undefined;
}

/**
 * The harvester over HTTP, without retries. All methods throw TransientError when there is no answer, or one that is
 * neither success nor documented: a Tomcat whose application could not start answers 404 on every path.
 */
export function createHarvester(options: HarvesterOptions): Harvester {
  const { get, post } = createRequests(options);
  const segment = encodeURIComponent;
  let last: { body: Buffer; list: HarvestList } | undefined;
  return {
    async exportData(namespace) {
      return readJson(dependency, await get(namespace, "/data"), z.looseObject({}));
    },
    async importData(namespace, document) {
      const answer = await post(namespace, "/data", document);
      if (answer.status === 201) return { loaded: true };
      const refused = z.object({ error: z.string() }).safeParse(parseJson(answer.body.toString("utf8")));
      if (answer.status === 200 && refused.success) return { loaded: false, error: refused.data.error };
      throw refuse(answer);
    },
    async findList(namespace, identifier) {
      const answer = await get(namespace, `/job/list/${segment(identifier)}`);
      const { body } = answer;
      // Nearly every poll returns what the last one did; parsing it again would make most of the garbage.
      if (last?.body.equals(body) !== true) {
        if (body.toString("utf8").trim() === "") return undefined;
        last = { body, list: readJson(dependency, answer, listSchema) };
      }
      return last.list;
    },
    async startList(namespace, identifier) {
      requireSuccess(await post(namespace, `/job/list/${segment(identifier)}/run`));
    },
    async findExecution(namespace, jobId) {
      const answer = await get(namespace, `/job/configuration/${jobId}/execution`);
      return readJson(dependency, answer, executionSchema);
    },
    async startJob(namespace, jobId) {
      requireSuccess(await post(namespace, `/job/configuration/${jobId}/run`));
    },
  };
}

function createRequests(options: HarvesterOptions) {
  const { timeoutMs = 30_000, importTimeoutMs = 120_000 } = options;
  const urlOf = (namespace: string, path: string) =>
    `${fillPlaceholders(options.apiPrefix, { namespace })}${options.apiPath}${path}`;
  const headers = { Accept: "application/json" };
  const auth = { username: options.username, password: options.password };
  return {
    /** Reading needs no login; only a 200 is an answer. */
    get: async (namespace: string, path: string): Promise<HttpAnswer> => {
      const question = { url: urlOf(namespace, path), headers, totalTimeoutMs: timeoutMs, maxBytes };
      const answer = await ask(dependency, { method: "GET", ...question });
      if (answer.status !== 200) throw refuse(answer);
      return answer;
    },
    post: (namespace: string, path: string, body?: Uint8Array): Promise<HttpAnswer> =>
      ask(dependency, {
        method: "POST",
        url: urlOf(namespace, path),
        auth,
        headers: { ...headers, ...(body && { "Content-Type": "application/json;charset=utf-8" }) },
        ...(body && { body }),
        totalTimeoutMs: body ? importTimeoutMs : timeoutMs,
        maxBytes,
      }),
  };
}

function requireSuccess(answer: HttpAnswer): void {
  if (answer.status < 200 || answer.status > 299) throw refuse(answer);
}

function refuse(answer: HttpAnswer) {
  const isLogin = answer.status === 401 || answer.status === 403;
  const hint = "API_USERNAME and API_PASSWORD must be those of the release (password.harvester)";
  return unexpected(dependency, answer, isLogin ? { hint } : {});
}
