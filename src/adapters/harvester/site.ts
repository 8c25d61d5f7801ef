import { z } from "zod";
import { TransientError } from "../../errors.ts";
import type { Site, SiteTarget } from "../../ports/site.ts";
import type { HttpAnswer } from "../http/send.ts";
import { exchange, parseJson, readBody, unexpected } from "./client.ts";
import { fillPlaceholders, joinUrl } from "./urls.ts";

const dependency = "the site";
const timeoutMs = 30_000;
/** A proxy's way to say "not now"; whatever else comes instead of a count is from a portal that doesn't know the filter. */
const passing = new Set([408, 429, 502, 503, 504]);
const searchSchema = z.object({ totalResults: z.number() });

export interface SiteOptions {
  /** SITE_PREFIX; `{service}` and `{namespace}` are filled in. */
  sitePrefix: string;
  /** 30 s where nothing is said. */
  timeoutMs?: number | undefined;
}

/**
 * A release's public face, asked under its own address with the public name as Host. Throws TransientError when it
 * can't be asked (`probe` never throws), PermanentError SITE_REFUSED for an answer that waiting can't mend.
 */
export function createSite(options: SiteOptions): Site {
  const ask = async (target: SiteTarget, path: string): Promise<{ url: string; answer: HttpAnswer }> => {
    const { namespace, service } = target;
    const url = `${joinUrl(fillPlaceholders(options.sitePrefix, { namespace, service }))}${path}`;
    const headers = { Host: target.host, Accept: "application/json, text/html;q=0.9, */*;q=0.8" };
    const totalTimeoutMs = options.timeoutMs ?? timeoutMs;
    return { url, answer: await exchange(dependency, { method: "GET", url, headers, totalTimeoutMs }) };
  };
  return {
    async probe(target) {
      try {
        const { status } = (await ask(target, "/")).answer;
        return status === 200 ? { ok: true } : { ok: false, seen: `GET / answered ${status}` };
      } catch (error) {
        if (error instanceof TransientError) return { ok: false, seen: error.message };
        throw error;
      }
    },
    async totalResults(target) {
      const { url, answer } = await ask(target, "/api/2/search?perPage=1");
      if (answer.status !== 200) unexpected(dependency, "SITE_REFUSED", url, answer);
      return readBody(dependency, url, answer.body, searchSchema).totalResults;
    },
    async countTaxa(target, filter) {
      const { url, answer } = await ask(target, `/api/2/search?perPage=1&f=${encodeURIComponent(filter)}`);
      if (answer.status === 200) return searchSchema.safeParse(parseJson(answer.body)).data?.totalResults;
      if (passing.has(answer.status)) unexpected(dependency, "SITE_REFUSED", url, answer);
      return undefined;
    },
    async hasTaxon(target, id) {
      const { url, answer } = await ask(target, `/api/2/taxon/${encodeURIComponent(id)}`);
      if (answer.status === 404) return false;
      if (answer.status !== 200) unexpected(dependency, "SITE_REFUSED", url, answer);
      readBody(dependency, url, answer.body, z.looseObject({}));
      return true;
    },
  };
}
