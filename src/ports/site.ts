/** A mapped service of a release, asked as the public would, before the names point at it. */
export interface SiteTarget {
  namespace: string;
  service: string;
  /** The public name, without the dot at the end: sent as Host. */
  host: string;
}

/** `status`: of the answer that was not well; none where there was no answer. */
type Probe = { ok: true } | { ok: false; seen: string; status?: number | undefined };

/** All methods but `probe` throw TransientError when the site can't be asked. */
export interface Site {
  /** Asks for the page and for the search once; ok is 200 and a number. Never throws for an outage: no answer is something seen. */
  probe(target: SiteTarget): Promise<Probe>;
  /** totalResults of the portal's search. */
  totalResults(target: SiteTarget): Promise<number>;
  /** How many results the search finds when narrowed by a filter (taxonKinds); a portal that ignores it finds them all. */
  countTaxa(target: SiteTarget, filter: string): Promise<number>;
  /** Whether the portal has this taxon: 404 is no. */
  hasTaxon(target: SiteTarget, id: string): Promise<boolean>;
}
