/** A mapped service of a release, asked as the public would, before the names point at it. */
export interface SiteTarget {
  namespace: string;
  service: string;
  /** The public name, without the dot at the end: sent as Host. */
  host: string;
}

export interface Site {
  /** Status of GET / (redirects are answers too). */
  status(target: SiteTarget): Promise<number>;
  /** totalResults of the portal's search. */
  totalResults(target: SiteTarget): Promise<number>;
  /** Whether the portal has this taxon. */
  hasTaxon(target: SiteTarget, id: string): Promise<boolean>;
}
