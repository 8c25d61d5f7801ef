/** Which release is live, and what may be deleted: found by address and ownership, never by a name alone. */
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
}

interface Environment {
  environment: string;
  mappings: readonly Mapping[];
}

/** Finds what is live from the records and the namespaces that may be the environment's. */
export function findLive(
  { environment, mappings }: Environment,
  records: readonly RecordSet[],
  candidates: readonly Candidate[],
): Live {
  const owners = new Map<string, string>();
  for (const candidate of candidates) {
    if (!isOurs(candidate, { environment, mappings })) continue;
    for (const { address } of candidate.services)
      if (address !== undefined) owners.set(address, candidate.name);
  }
  const releases = new Set<string>();
  const foreign: Live["foreign"] = [];
  for (const { name, type, rrdatas } of records) {
    for (const address of type === "A" ? rrdatas : []) {
      const owner = owners.get(address);
      if (owner !== undefined) releases.add(owner);
      else foreign.push({ name, address });
    }
  }
  return { releases: [...releases].sort(), foreign };
}

/**
 * Whether a namespace is the environment's own: by its exact name pattern, and by our labels, or, where it carries
 * neither our labels nor any manager's, by holding every mapped Service. That is how releases of the original builder are
 * recognised.
 */
export function isOurs(candidate: Candidate, { environment, mappings }: Environment): boolean {
  if (!isReleaseName(environment, candidate.name)) return false;
  const { [labels.managedBy]: manager, [labels.environment]: owner } = candidate.labels;
  if (manager !== undefined || owner !== undefined) return manager === managedBy && owner === environment;
  return mappings.every(({ service }) =>
    candidate.services.some(
      ({ component, helmRelease = candidate.name }) =>
        component === service && helmRelease === candidate.name,
    ),
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
  /** DNS has no record of any public name: what was live once may be so still, and somebody has erred. */
  nothingInDns?: boolean;
}

/** Why a namespace must not be deleted, or undefined when every interlock agrees. */
export function whyNotDelete(candidate: Candidate, context: DeletionContext): string | undefined {
  const { environment, live, now, nothingInDns = false } = context;
  if (!isReleaseName(environment, candidate.name)) return `its name is not ${environment}-<5 characters>`;
  if (annotations.keep in candidate.annotations) return `it carries the annotation ${annotations.keep}`;
  if (live === undefined) return "DNS could not be read, so what is live is not known";
  if (live.includes(candidate.name)) return "DNS points at it";
  if (nothingInDns && wasLive(candidate))
    return "it was live once, and DNS has no record of any public name, so what is live is not known";
  if (!isOurs(candidate, context))
    return `neither its labels nor what it holds say that it belongs to ${environment}`;
  const until = candidate.annotations[annotations.retainUntil];
  return until !== undefined && until > now ? `it is kept until ${until}` : undefined;
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
