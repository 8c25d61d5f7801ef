/** Which release is live, and what may be deleted: found by address and ownership, never by a name alone. */
import { hidesAddress, kindText } from "./dns-plan.ts";
import type { Mapping, RecordSet } from "./dns-records.ts";
import { annotations, isReleaseName, labels, managedBy } from "./names.ts";
import type { NamespaceView } from "./release.ts";
import type { ServiceView } from "./workloads.ts";

/** A namespace that has the environment's name pattern, with its Services. */
export interface Candidate extends NamespaceView {
  services: readonly ServiceView[];
}

export interface Live {
  /** Releases of this environment that a public name points at: one, none, or several after a half swap. */
  releases: string[];
  /** Addresses in DNS that belong to no release of this environment. */
  foreign: { name: string; address: string }[];
  /** Which release each name points at, by its A record. */
  owners: { name: string; release: string }[];
}

interface Environment {
  environment: string;
  mappings: readonly Mapping[];
}

/** Finds what is live from the records of the mapped names and the namespaces that may be the environment's. */
export function findLive(
  environment: Environment,
  records: readonly RecordSet[],
  candidates: readonly Candidate[],
): Live {
  const ours = candidates.filter((candidate) => isOurs(candidate, environment));
  const live: Live = { releases: [], foreign: [], owners: [] };
  const releases = new Set<string>();
  for (const { name, type, rrdatas } of records) {
    for (const address of isAddress(type) ? rrdatas : []) {
      // More than one where a load balancer is shared: all of them are live.
      const owners = ours.filter((candidate) => hasAddress(candidate, address));
      for (const { name: owner } of owners) releases.add(owner);
      if (type !== "A") continue;
      if (owners.length === 0) live.foreign.push({ name, address });
      live.owners.push(...owners.map((owner) => ({ name, release: owner.name })));
    }
  }
  return { ...live, releases: [...releases].sort() };
}

/** The names in DNS, mapped or not, that lead to each release: as long as one does, the release stays. */
export function findPointing(
  records: readonly RecordSet[],
  candidates: readonly Candidate[],
): Map<string, string> {
  const pointing = new Map<string, string>();
  for (const candidate of candidates) {
    const record = records.find(
      ({ type, rrdatas }) => isAddress(type) && rrdatas.some((address) => hasAddress(candidate, address)),
    );
    if (record) pointing.set(candidate.name, record.name);
  }
  return pointing;
}

/** The record sets at mapped names that prevent a swap, and what to do about each. */
export function unfitRecords(
  records: readonly RecordSet[],
  ours: readonly Candidate[],
): { name: string; what: string }[] {
  return records.flatMap((record) => {
    const { name, type, rrdatas } = record;
    const what = whyUnfit(record);
    if (what !== undefined) return [{ name, what }];
    const owner = type === "AAAA" && ours.find((it) => rrdatas.some((address) => hasAddress(it, address)));
    if (!owner) return [];
    const left = `its AAAA record points at ${owner.name}, so IPv6 visitors would stay on the old release`;
    return [{ name, what: `${left}; delete that record (the builder moves A records only)` }];
  });
}

function whyUnfit(record: RecordSet): string | undefined {
  if (!hidesAddress(record)) return undefined;
  const isRouted = record.routingPolicy === true;
  const remedy = isRouted ? "put a plain A record in its place" : "remove it, or map the other name";
  return `is ${kindText(record)}; ${remedy}`;
}

function isAddress(type: string): boolean {
  return type === "A" || type === "AAAA";
}

/** Whether any load balancer of the release has the address, wherever it stands among the others. */
function hasAddress({ services }: Candidate, address: string): boolean {
  return services.some((service) => addressesOf(service).some((own) => plain(own) === plain(address)));
}

/** All addresses and host names of a Service. */
export function addressesOf({ address, otherAddresses }: ServiceView): string[] {
  return [...(address === undefined ? [] : [address]), ...otherAddresses];
}

/** IPv6 addresses are written in more ways than one. */
function plain(address: string): string {
  const url = `http://[${address}]/`;
  return address.includes(":") && URL.canParse(url) ? new URL(url).hostname : address;
}

/**
 * Whether a namespace is the environment's own: by its exact name pattern, and by our labels, or, where it carries
 * neither our labels nor any manager's, by holding every mapped Service, none of which is another release's. That is how
 * releases of the original builder are recognised.
 */
export function isOurs(candidate: Candidate, { environment, mappings }: Environment): boolean {
  if (!isReleaseName(environment, candidate.name)) return false;
  const { [labels.managedBy]: manager, [labels.environment]: owner } = candidate.labels;
  if (Object.values(labels).some((label) => label in candidate.labels))
    return manager === managedBy && owner === environment;
  const mapped = new Set(mappings.map(({ service }) => service));
  const held = candidate.services.filter(({ component }) => mapped.has(component));
  return (
    mapped.size > 0 &&
    new Set(held.map(({ component }) => component)).size === mapped.size &&
    held.every(({ helmRelease = candidate.name }) => helmRelease === candidate.name)
  );
}

/** Whether a namespace is ours only by what it holds: it must be labelled before that is taken away. */
export function isUnlabelled({ labels: given }: NamespaceView): boolean {
  return !(labels.managedBy in given);
}

export interface DeletionContext extends Environment {
  /** ISO time. */
  now: string;
  /** Releases that DNS points at right now. Undefined: DNS could not be read, and nothing may be deleted. */
  live: readonly string[] | undefined;
  /** Any name of the configured zones that leads to a release, by the release's name. */
  pointing?: ReadonlyMap<string, string>;
  /** Why the public names don't tell what is live, if they don't: a release that was live once may still be. */
  unsure?: string | undefined;
}

/** Why a namespace must not be deleted, or undefined when every interlock agrees. */
export function whyNotDelete(candidate: Candidate, context: DeletionContext): string | undefined {
  const { environment, live, now, pointing, unsure } = context;
  if (!isReleaseName(environment, candidate.name)) return `its name is not ${environment}-<5 characters>`;
  if (annotations.keep in candidate.annotations) return `it carries the annotation ${annotations.keep}`;
  if (live === undefined) return "DNS could not be read, so what is live is not known";
  if (live.includes(candidate.name)) return "DNS points at it";
  const name = pointing?.get(candidate.name);
  if (name !== undefined) return `DNS points at it: ${name}`;
  if (unsure !== undefined && (wasLive(candidate) || isUnlabelled(candidate)))
    return `it may have been live, and ${unsure}, so what is live is not known`;
  if (!isOurs(candidate, context))
    return `neither its labels nor its contents show that it belongs to ${environment}`;
  const until = candidate.annotations[annotations.retainUntil];
  return until !== undefined && until > now ? `it is kept until ${until}` : undefined;
}

/** Why the public names don't tell what is live: they have no records, or one points at no release of ours; undefined: they tell. */
export function whyUnsure(records: readonly RecordSet[], foreign: Live["foreign"]): string | undefined {
  if (!records.some(({ type }) => type === "A")) return "DNS has no record of any public name";
  const [first] = foreign;
  return first && `${first.name} points at ${first.address}, which belongs to no release`;
}

/** Whether the release was ever live; what never was is a failed build. */
function wasLive({ annotations: given }: NamespaceView): boolean {
  return annotations.liveSince in given || annotations.replacedAt in given;
}

interface LeftoverContext extends DeletionContext {
  live: readonly string[];
  /** The release of the run under way and what it replaces: never leftovers, whatever DNS says meanwhile. */
  inUse: readonly string[];
}

/** Why a namespace is no leftover, in words; undefined: nothing needs it any more. */
export function whyItStays(candidate: Candidate, context: LeftoverContext): string | undefined {
  if (context.inUse.includes(candidate.name)) return "the run under way needs it";
  const objection = whyNotDelete(candidate, context);
  if (objection !== undefined) return objection;
  // What was live once and has no date to go (DELETE_EXISTING off) is the operators' to delete.
  return wasLive(candidate) && !(annotations.retainUntil in candidate.annotations)
    ? "it was live once, and DELETE_EXISTING was off when it was replaced"
    : undefined;
}

/** Whether a leftover that stays may go later by itself: once its time is over, or DNS tells again what is live. */
export function staysForNow(candidate: Candidate, context: LeftoverContext): boolean {
  const later = { ...context, now: endOfTime, unsure: undefined };
  return whyItStays(candidate, context) !== undefined && whyItStays(candidate, later) === undefined;
}

/** Later than every ISO time. */
const endOfTime = "~";
