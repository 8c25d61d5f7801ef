/** A mapped service of a release, asked as the public would, before the names point at it. */
export interface SiteTarget {
  namespace: string;
  service: string;
  /** The public name, without the dot at the end: sent as Host. */
  host: string;
}

export type Probe = { ok: true } | { ok: false; seen: string };

export interface Site {
  /** Asks GET / once; ok is 200. Never throws for an outage: no answer is something seen. */
  probe(target: SiteTarget): Promise<Probe>;
  /** totalResults of the portal's search. */
  totalResults(target: SiteTarget): Promise<number>;
  /**
   * How many results the search finds when narrowed by a filter (taxonKinds); undefined where the portal doesn't offer
   * that.
   */
  countTaxa(target: SiteTarget, filter: string): Promise<number | undefined>;
  /** Whether the portal has this taxon. */
  hasTaxon(target: SiteTarget, id: string): Promise<boolean>;
}
