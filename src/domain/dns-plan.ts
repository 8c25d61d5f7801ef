/** Decides what has to change in DNS; pure. All names or none, and nobody else's edit is ever overwritten. */
import type { Mapping, RecordSet, ZoneChange } from "./dns-records.ts";
import type { ServiceView } from "./workloads.ts";

/** TTL of a record that powo-builder creates, in seconds. */
export const newRecordTtlSeconds = 300;

export interface SwapInput {
  mappings: readonly Mapping[];
  /** Address of each mapped service in the new release, as far as it has one. */
  addresses: Readonly<Record<string, string>>;
  /** The record sets pinned at preflight. */
  before: readonly RecordSet[];
  /** The record sets as they are now. */
  current: readonly RecordSet[];
  /** What this run has written before, by name. */
  written: readonly { name: string; addresses: readonly string[] }[];
}

export type SwapPlan =
  /** `targets` is where every name is to point, those included that do already. */
  | { kind: "change"; changes: ZoneChange[]; moves: Move[]; targets: Pick<Move, "name" | "to">[] }
  /** Somebody else edited the records since preflight. */
  | { kind: "refused"; reasons: string[] };

/** One name, from where to where; `from` is undefined for a record that is created. */
export interface Move {
  name: string;
  from: string | undefined;
  to: string;
  ttlSeconds: number;
}

/**
 * Plans the swap: one change per zone, TTLs kept as they are now, names that already point right left alone. What this
 * run has written itself is moved on when its service's address has moved.
 */
export function planSwap({ mappings, addresses, before, current, written }: SwapInput): SwapPlan {
  const reasons: string[] = [];
  const moves: Move[] = [];
  const targets: Pick<Move, "name" | "to">[] = [];
  const changes = new Map<string, ZoneChange>();
  for (const mapping of mappings) {
    const target = addresses[mapping.service];
    const now = addressRecord(current, mapping);
    const pinned = addressRecord(before, mapping);
    const other = current.find((record) => record.name === mapping.name && hidesAddress(record));
    if (target !== undefined) targets.push({ name: mapping.name, to: target });
    if (target === undefined) {
      reasons.push(`${mapping.name} has no address to point at: service ${mapping.service} has none`);
    } else if (now && pointsAt(now, target)) {
      continue;
    } else if (other) {
      reasons.push(`${mapping.name} is now ${kindText(other)}`);
    } else if (!sameAddresses(now, pinned) && !isWritten(now, written)) {
      reasons.push(`${mapping.name} was ${addressText(pinned)} and is now ${addressText(now)}`);
    } else {
      const { zone, name } = mapping;
      const change = changeOf(changes, zone);
      const ttlSeconds = now?.ttlSeconds ?? newRecordTtlSeconds;
      if (now) change.deletions.push(now);
      change.additions.push({ zone, name, type: "A", ttlSeconds, rrdatas: [target] });
      moves.push({ name, from: now ? addressText(now) : undefined, to: target, ttlSeconds });
    }
  }
  return reasons.length > 0
    ? { kind: "refused", reasons }
    : { kind: "change", changes: [...changes.values()], moves, targets };
}

/**
 * Plans how names follow their services to other addresses after the swap: only what this run has written is moved, for
 * whoever edits a record by hand knows why. Refused while a service has no address.
 */
export function planFollow({ mappings, ...input }: Omit<SwapInput, "before">): SwapPlan {
  const own = mappings.filter((mapping) => isWritten(addressRecord(input.current, mapping), input.written));
  return planSwap({ ...input, mappings: own, before: [] });
}

/** What a name gets back: its pinned record, with the address that its service has today; undefined: it has none at present. */
export function homeOf(pinned: RecordSet, service: ServiceView | undefined): RecordSet | undefined {
  const own = service ? [service.address, ...service.otherAddresses] : pinned.rrdatas;
  if (pinned.rrdatas.some((address) => own.includes(address))) return pinned;
  return service?.address === undefined ? undefined : { ...pinned, rrdatas: [service.address] };
}

/** Plans the way back: what this run has written gets the record it had before, or none. */
export function planUndo({ mappings, before, current, written }: Omit<SwapInput, "addresses">): ZoneChange[] {
  const changes = new Map<string, ZoneChange>();
  for (const mapping of mappings) {
    const now = addressRecord(current, mapping);
    const pinned = addressRecord(before, mapping);
    if (!now || !isWritten(now, written) || sameAddresses(now, pinned)) continue;
    const change = changeOf(changes, mapping.zone);
    change.deletions.push(now);
    if (pinned) change.additions.push(pinned);
  }
  return [...changes.values()];
}

/** What the run has written so far, with what these moves are about to write. */
export function withWritten(
  written: SwapInput["written"],
  moves: readonly Pick<Move, "name" | "to">[],
): { name: string; addresses: string[] }[] {
  const all = new Map(written.map(({ name, addresses }) => [name, new Set(addresses)]));
  for (const { name, to } of moves) all.set(name, (all.get(name) ?? new Set()).add(to));
  return [...all].map(([name, addresses]) => ({ name, addresses: [...addresses] }));
}

/** Plans a lower TTL for the records that still are as they were pinned and have a higher one. */
export function planLowerTtl(
  { mappings, before, current }: Pick<SwapInput, "mappings" | "before" | "current">,
  ttlSeconds: number,
): ZoneChange[] {
  return planTtls(mappings, current, (now, mapping) => {
    const untouched = sameAddresses(now, addressRecord(before, mapping));
    return untouched && now.ttlSeconds > ttlSeconds ? ttlSeconds : now.ttlSeconds;
  });
}

/** Plans the pinned TTLs for the records that still have the lowered one, wherever they point now. */
export function planRestoreTtl(
  { mappings, before, current }: Pick<SwapInput, "mappings" | "before" | "current">,
  loweredSeconds: number,
): ZoneChange[] {
  return planTtls(mappings, current, (now, mapping) => {
    const pinned = addressRecord(before, mapping);
    return pinned && now.ttlSeconds === loweredSeconds ? pinned.ttlSeconds : now.ttlSeconds;
  });
}

function planTtls(
  mappings: readonly Mapping[],
  current: readonly RecordSet[],
  wanted: (now: RecordSet, mapping: Mapping) => number,
): ZoneChange[] {
  const changes = new Map<string, ZoneChange>();
  for (const mapping of mappings) {
    const now = addressRecord(current, mapping);
    const ttlSeconds = now && wanted(now, mapping);
    if (!now || ttlSeconds === undefined || ttlSeconds === now.ttlSeconds) continue;
    const change = changeOf(changes, mapping.zone);
    change.deletions.push(now);
    change.additions.push({ ...now, ttlSeconds });
  }
  return [...changes.values()];
}

/** The mapped names that do not point at the given addresses. */
export function notPointing(
  mappings: readonly Mapping[],
  addresses: Readonly<Record<string, string>>,
  current: readonly RecordSet[],
): Mapping[] {
  return mappings.filter((mapping) => {
    const record = addressRecord(current, mapping);
    const target = addresses[mapping.service];
    return !record || target === undefined || !pointsAt(record, target);
  });
}

/**
 * The largest TTL that a resolver may still hold of what was replaced, in seconds: 0 where nothing was there. All names
 * count: one that needs no change was moved by somebody else, perhaps just now.
 */
export function drainTtlSeconds(before: readonly RecordSet[], changes: readonly ZoneChange[]): number {
  const replaced = changes.flatMap(({ deletions }) => deletions);
  return Math.max(0, ...[...replaced, ...before].map(({ ttlSeconds }) => ttlSeconds));
}

/**
 * How long the old addresses must be waited for, in milliseconds: DNS_DRAIN_TTLS times the largest old TTL, and never
 * less than that TTL, before which nothing that resolvers may still point at is deleted.
 */
export function drainMs(oldTtlSeconds: number, drainTtls: number): number {
  return oldTtlSeconds * Math.max(1, drainTtls) * 1000;
}

/** The one change of a zone, begun where there is none yet. */
function changeOf(changes: Map<string, ZoneChange>, zone: string): ZoneChange {
  const change = changes.get(zone) ?? { zone, additions: [], deletions: [] };
  changes.set(zone, change);
  return change;
}

/** The plain A record set of a mapped name. */
export function addressRecord(
  records: readonly RecordSet[],
  { zone, name }: Pick<Mapping, "zone" | "name">,
): RecordSet | undefined {
  return records.find(
    (record) => record.zone === zone && record.name === name && record.type === "A" && !hidesAddress(record),
  );
}

/** Whether a record set stands where no plain A record set can be made beside it. */
export function hidesAddress({ type, routingPolicy }: RecordSet): boolean {
  return type === "CNAME" || type === "ALIAS" || routingPolicy === true;
}

/** What such a record set is, for people: "an alias (CNAME) of other.example." */
export function kindText({ type, rrdatas, routingPolicy }: RecordSet): string {
  if (routingPolicy === true) return `a record set (${type}) with a routing policy`;
  return `an alias (${type}) of ${rrdatas.join(", ")}`;
}

function pointsAt(record: RecordSet, address: string): boolean {
  return record.rrdatas.length === 1 && record.rrdatas[0] === address;
}

function isWritten(record: RecordSet | undefined, written: SwapInput["written"]): boolean {
  const [address, ...others] = record?.rrdatas ?? [];
  if (address === undefined || others.length > 0) return false;
  return written.some(({ name, addresses }) => name === record?.name && addresses.includes(address));
}

function sameAddresses(one: RecordSet | undefined, other: RecordSet | undefined): boolean {
  const text = (record: RecordSet | undefined) => (record ? [...record.rrdatas].sort().join() : "");
  return text(one) === text(other);
}

/** The mapped names that no longer have the addresses that they had: `prod.example.  34.1.2.3 → 34.9.9.9`. */
export function changedAddresses(
  mappings: readonly Mapping[],
  before: readonly RecordSet[],
  current: readonly RecordSet[],
): string[] {
  return mappings.flatMap((mapping) => {
    const [from, to] = [addressRecord(before, mapping), addressRecord(current, mapping)];
    return sameAddresses(from, to) ? [] : [`${mapping.name}  ${addressText(from)} → ${addressText(to)}`];
  });
}

function addressText(record: RecordSet | undefined): string {
  return record ? record.rrdatas.join(", ") : "missing";
}
