import { z } from "zod";
import { PermanentError } from "../../errors.ts";
import type { Harvester, ImportResult } from "../../ports/harvester.ts";
import { basicAuthorization } from "../http/redact-url.ts";
import type { HttpAnswer, HttpRequest } from "../http/send.ts";
import { exchange, parseJson, readBody, unexpected } from "./client.ts";
import { executionSchema, listSchema } from "./schemas.ts";
import { fillPlaceholders, joinUrl } from "./urls.ts";

const dependency = "the harvester";
const timeoutMs = 30_000;
/** 83 jobs and 48 organisations are one row after the other. */
const importTimeoutMs = 120_000;

export interface HarvesterOptions {
  /** API_PREFIX; `{namespace}` is filled in. */
  apiPrefix: string;
  /** API_URL: the path of the API. */
  apiPath: string;
  username: string;
  password: string;
  /** 30 s where nothing is said. */
  timeoutMs?: number | undefined;
  /** 120 s where nothing is said. */
  importTimeoutMs?: number | undefined;
}

/**
 * The harvester over HTTP, without retries. All methods throw TransientError when it can't be asked or answers with
 * rubbish, PermanentError HARVESTER_LOGIN when it refuses the login.
 */
export function createHarvester(options: HarvesterOptions): Harvester {
  const ask = createAsk(options);
  const segment = encodeURIComponent;
  return {
    async exportData(namespace) {
      const { url, answer } = await ask(namespace, "GET", "/data");
      if (answer.status !== 200) refuse(url, answer);
      return readBody(dependency, url, answer.body, z.looseObject({}));
    },
    async importData(namespace, document) {
      const { url, answer } = await ask(namespace, "POST", "/data", document);
      return readImport(url, answer);
    },
    async findList(namespace, identifier) {
      const { url, answer } = await ask(namespace, "GET", `/job/list/${segment(identifier)}`);
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) refuse(url, answer);
      if (isEmpty(answer)) return undefined;
      return readBody(dependency, url, answer.body, listSchema);
    },
    async startList(namespace, identifier) {
      const { url, answer } = await ask(namespace, "POST", `/job/list/${segment(identifier)}/run`);
      if (!isSuccess(answer)) refuse(url, answer);
    },
    async findExecution(namespace, jobId) {
      const { url, answer } = await ask(namespace, "GET", `/job/configuration/${jobId}/execution`);
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) refuse(url, answer);
      if (isEmpty(answer)) return undefined;
      return readBody(dependency, url, answer.body, executionSchema);
    },
    async startJob(namespace, jobId) {
      const { url, answer } = await ask(namespace, "POST", `/job/configuration/${jobId}/run`);
      if (!isSuccess(answer)) refuse(url, answer);
    },
  };
}

type Ask = (
  namespace: string,
  method: HttpRequest["method"],
  path: string,
  body?: Uint8Array,
) => Promise<{ url: string; answer: HttpAnswer }>;

function createAsk(options: HarvesterOptions): Ask {
  const authorization = basicAuthorization(options.username, options.password);
  return async (namespace, method, path, body) => {
    const url = joinUrl(fillPlaceholders(options.apiPrefix, { namespace }), options.apiPath, path);
    const answer = await exchange(dependency, {
      method,
      url,
      headers: {
        Accept: "application/json",
        ...(method === "POST" && { Authorization: authorization }),
        ...(body && { "Content-Type": "application/json;charset=utf-8" }),
      },
      ...(body && { body }),
      totalTimeoutMs: body ? (options.importTimeoutMs ?? importTimeoutMs) : (options.timeoutMs ?? timeoutMs),
    });
    return { url, answer };
  };
}

/** 201: loaded; 200 with an `error` body: nothing was (facts.md, 4.6). */
function readImport(url: string, answer: HttpAnswer): ImportResult {
  if (answer.status === 201) return { loaded: true };
  const refused = z.object({ error: z.string() }).safeParse(parseJson(answer.body));
  if (answer.status === 200 && refused.success) return { loaded: false, error: refused.data.error };
  return refuse(url, answer);
}

function refuse(url: string, answer: HttpAnswer): never {
  if (answer.status === 401 || answer.status === 403) {
    throw new PermanentError("HARVESTER_LOGIN", `the harvester refused the login (${answer.status})`, {
      hint: "API_USERNAME and API_PASSWORD must be those of the release (password.harvester)",
    });
  }
  return unexpected(dependency, "HARVESTER_REFUSED", url, answer);
}

function isSuccess({ status }: HttpAnswer): boolean {
  return status >= 200 && status < 300;
}

function isEmpty({ body }: HttpAnswer): boolean {
  return body.toString("utf8").trim() === "";
}
