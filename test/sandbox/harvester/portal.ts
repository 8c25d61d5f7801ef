/** The portal of a release and the nginx before it, as the ingress services show them. */
import type { Answer } from "./answer.ts";
import type { HarvesterModel } from "./model.ts";

/** nginx's `limit_req rate=10r/s burst=20 nodelay`: a leaky bucket; what doesn't fit is refused. */
export class RateLimit {
  readonly #buckets = new Map<string, { excess: number; at: number }>();
  readonly #now: () => number;
  readonly #perSecond: number;
  readonly #burst: number;

  constructor(now: () => number, perSecond = 10, burst = 20) {
    this.#now = now;
    this.#perSecond = perSecond;
    this.#burst = burst;
  }

  /** Whether one more request of this key passes now. */
  admits(key: string): boolean {
    const at = this.#now();
    const last = this.#buckets.get(key);
    const excess = last ? Math.max(0, last.excess - ((at - last.at) / 1000) * this.#perSecond + 1) : 0;
    if (excess > this.#burst) return false;
    this.#buckets.set(key, { excess, at });
    return true;
  }
}

/** True for a name that the public would use: not an address, not a name inside the cluster. */
export function isPublicName(host: string | undefined): boolean {
  const name = (host ?? "").replace(/:\d+$/, "").replace(/\.$/, "");
  return /[a-z]$/i.test(name) && name.includes(".") && !/(^|\.)(localhost|local|internal)$/.test(name);
}

/** What the portal answers to a GET of this path; a string body is plain text or a page. */
export function portalAnswer(model: HarvesterModel, path: string, query: URLSearchParams): Answer {
  if (path === "/" || path === "") {
    return { status: 200, body: "<!doctype html><title>Plants of the World</title>" };
  }
  if (path === "/ping") return { status: 200, body: "Ok" };
  if (model.brokenFilters.has(query.get("f") ?? "")) return { status: 500 };
  if (path === "/api/2/search") return { status: 200, body: searchBody(model, query) };
  const taxon = /^\/api\/2\/taxon\/(.+)$/.exec(path)?.[1];
  if (taxon === undefined) return { status: 404, body: { error: "Not Found" } };
  const id = decodeURIComponent(taxon);
  if (model.totalTaxa() === 0 || model.missingTaxa.has(id))
    return { status: 404, body: { error: "Not Found" } };
  return { status: 200, body: { fqId: id, name: "Exempla vulgaris", rank: "Species", accepted: true } };
}

/** About what share of all results a filter of the real portal's search leaves. */
const filterShares: Readonly<Record<string, number>> = {
  accepted_names: 0.3,
  has_images: 0.12,
  families_f: 0.000_32,
  genus_f: 0.01,
  species_f: 0.26,
  infraspecific_f: 0.05,
};

function searchBody(model: HarvesterModel, query: URLSearchParams): Record<string, unknown> {
  const given = model.taxonFactors ? (query.get("f") ?? "") : "";
  const filters = given.split(",").filter((filter) => filter in filterShares);
  const totalResults = filters.reduce(
    (sum, filter) => Math.round(sum * (filterShares[filter] ?? 1) * (model.taxonFactors?.get(filter) ?? 1)),
    model.totalTaxa(),
  );
  const perPage = Math.max(0, Number(query.get("perPage") ?? 24) || 0);
  const page = Math.max(0, Number(query.get("page") ?? 0) || 0);
  const shown = Math.min(perPage, 24, Math.max(0, totalResults - page * perPage));
  const accepted = Math.floor(totalResults * 0.3);
  return {
    totalResults,
    page,
    perPage,
    totalPages: perPage ? Math.ceil(totalResults / perPage) : 0,
    results: Array.from({ length: shown }, (_, index) => ({
      name: `Exempla numerosa var. ${page * perPage + index + 1}`,
      rank: "Species",
    })),
    ...(query.has("facet") && { facets: { accepted, synonym: totalResults - accepted } }),
  };
}
