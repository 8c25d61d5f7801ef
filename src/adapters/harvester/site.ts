import * as z from "zod";
import { TransientError } from "../../errors.ts";
import type { Site, SiteTarget } from "../../ports/site.ts";
import { ask, readJson, unexpected, type HttpAnswer } from "../http/send.ts";
import { fillPlaceholders } from "../http/url.ts";

const dependency = "the site";
const maxBytes = 32 * 1024 * 1024;
const searchPath = "/api/2/search?perPage=1";
const searchSchema = z.object({ totalResults: z.number() });

export interface SiteOptions {
  /** SITE_PREFIX, without a slash at its end; `{service}` and `{namespace}` are filled in. */
  sitePrefix: string;
  /** 30 s where nothing is said. */
  timeoutMs?: number | undefined;
}

/** A release's public face, asked under its own address with the public name as Host. `probe` never throws an outage. */
export function createSite({ sitePrefix, timeoutMs = 30_000 }: SiteOptions): Site {
  const get = ({ namespace, service, host }: SiteTarget, path: string): Promise<HttpAnswer> => {
    const url = `${fillPlaceholders(sitePrefix, { namespace, service })}${path}`;
    const headers = { Host: host, Accept: "application/json, text/html;q=0.9, */*;q=0.8" };
    return ask(dependency, { method: "GET", url, headers, totalTimeoutMs: timeoutMs, maxBytes });
  };
  const search = async (target: SiteTarget, filter: string): Promise<number> => {
    const answer = await get(target, `${searchPath}${filter}`);
    if (answer.status !== 200) throw unexpected(dependency, answer);
    return readJson(dependency, answer, searchSchema).totalResults;
  };
  return {
    async probe(target) {
      try {
        const { status } = await get(target, "/");
        if (status !== 200) return { ok: false, seen: `GET / answered ${status}`, status };
        // A page of maintenance is a page as well: only the search tells a portal that lives.
        const answer = await get(target, searchPath);
        const seen = `GET ${searchPath} answered ${answer.status}`;
        // The limit before it (10 a second) was reached: somebody is being served.
        if (answer.status === 429) return { ok: true };
        if (answer.status !== 200) return { ok: false, seen, status: answer.status };
        readJson(dependency, answer, searchSchema);
        return { ok: true };
      } catch (error) {
        if (error instanceof TransientError) return { ok: false, seen: error.message };
        throw error;
      }
    },
    totalResults: (target) => search(target, ""),
    countTaxa: (target, filter) => search(target, `&f=${encodeURIComponent(filter)}`),
    async hasTaxon(target, id) {
      const answer = await get(target, `/api/2/taxon/${encodeURIComponent(id)}`);
      if (answer.status === 404) return false;
      if (answer.status !== 200) throw unexpected(dependency, answer);
      readJson(dependency, answer, z.looseObject({}));
      return true;
    },
  };
}
