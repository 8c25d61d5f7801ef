/**
 * One managed zone of Cloud DNS as a pure model, strict about changes: a change is
 * atomic, a deletion must match exactly, and every state that the zone ever had can be asked for later.
 */
import { DnsError, invalid, notFound } from "./dns-error.ts";
import { isSame, keyOf, requireRecordSet, type RecordSet } from "./record-set.ts";

export interface Change {
  id: string;
  startTime: string;
  /** Milliseconds; pending until then. */
  doneAt: number;
  additions: RecordSet[];
  deletions: RecordSet[];
}

/** What kind of zone it is, as Google writes it down. */
export interface ZoneKind {
  visibility?: "public" | "private";
  peeringConfig?: object;
  forwardingConfig?: object;
}

export interface ZoneOptions {
  name: string;
  /** Ends with a dot. */
  dnsName: string;
  /** A public zone unless given. */
  kind?: ZoneKind;
  now?: () => number;
  /** How long a change stays pending. */
  pendingMs?: number;
  records?: readonly RecordSet[];
  /**
   * What deleting a record set that isn't there gives. Google documents 412 for every deletion that
   * doesn't match; the real service has been seen to say 404 for one that is missing altogether.
   */
  missingDeletion?: 404 | 412;
}

interface Version {
  /** When the zone took it over. */
  acceptedAt: number;
  /** When the servers answered with it. */
  servedAt: number;
  records: ReadonlyMap<string, RecordSet>;
}

const MAX_SETS = 1_000;
const MAX_BYTES = 100_000;

export class ZoneModel {
  readonly name: string;
  readonly dnsName: string;
  /** Every accepted change, oldest first. */
  readonly changes: Change[] = [];
  /** Refuses writes, or everything, with PERMISSION_DENIED; the server asks this, not the model. */
  denied: false | "writes" | "everything" = false;
  kind: ZoneKind;
  pendingMs: number;
  missingDeletion: 404 | 412;
  readonly #now: () => number;
  readonly #versions: Version[];

  constructor(options: ZoneOptions) {
    this.name = options.name;
    this.dnsName = options.dnsName;
    this.kind = { visibility: "public", ...options.kind };
    this.pendingMs = options.pendingMs ?? 0;
    this.missingDeletion = options.missingDeletion ?? 412;
    this.#now = options.now ?? Date.now;
    const given = (options.records ?? []).map((set) => requireRecordSet(set, "record", options.dnsName));
    const records = new Map([...apexOf(options.dnsName), ...given].map((set) => [keyOf(set), set]));
    this.#versions = [{ acceptedAt: -Infinity, servedAt: -Infinity, records }];
  }

  get #current(): ReadonlyMap<string, RecordSet> {
    return this.#versions.at(-1)?.records ?? new Map();
  }

  /** Those of these permissions that the caller has. */
  granted(permissions: readonly string[]): string[] {
    if (this.denied === "everything") return [];
    return permissions.filter((name) => this.denied === false || /\.(get|list)$/.test(name));
  }

  /** All record sets, sorted by name and type. */
  records(): RecordSet[] {
    const sets = [...this.#current].sort(([a], [b]) => (a < b ? -1 : 1));
    return sets.map(([, set]) => copyOf(set));
  }

  find(name: string, type = "A"): RecordSet | undefined {
    const set = this.#current.get(keyOf({ name, type }));
    return set && copyOf(set);
  }

  /** Sets or removes a record as somebody else would: no check, no change in the log, served at once. */
  put(set: RecordSet): void {
    this.#replace(new Map([...this.#current, [keyOf(set), copyOf(set)]]), 0);
  }
  remove(name: string, type = "A"): void {
    this.#replace(new Map([...this.#current].filter(([key]) => key !== keyOf({ name, type }))), 0);
  }

  /** POST changes: all of it or nothing; throws DnsError. */
  change(sent: { additions?: unknown; deletions?: unknown }): Change {
    const given = (part: unknown): unknown[] => (Array.isArray(part) ? part : []);
    const [sentAdditions, sentDeletions] = [given(sent.additions), given(sent.deletions)];
    requireQuota(sentAdditions, sentDeletions);
    const check = (part: "additions" | "deletions") => (set: unknown, index: number) =>
      requireRecordSet(set, `entity.change.${part}[${index}]`, this.dnsName);
    const deletions = sentDeletions.map(check("deletions"));
    const additions = sentAdditions.map(check("additions"));
    const next = new Map(this.#current);
    deletions.forEach((set, index) => this.#delete(next, set, `entity.change.deletions[${index}]`));
    additions.forEach((set, index) => add(next, set, `entity.change.additions[${index}]`));
    requireApex(next, this.dnsName);
    const change: Change = {
      id: String(this.changes.length + 1),
      startTime: new Date(this.#now()).toISOString(),
      doneAt: this.#now() + this.pendingMs,
      additions,
      deletions,
    };
    this.changes.push(change);
    this.#replace(next, this.pendingMs);
    return change;
  }

  /** A change by its id; throws DnsError 404. */
  requireChange(id: string): Change {
    const change = this.changes.find((candidate) => candidate.id === id);
    if (!change) throw notFound(`parameters.changeId' resource named '${id}'`);
    return change;
  }

  isDone(change: Change): boolean {
    return this.#now() >= change.doneAt;
  }

  /** What the API would have listed for a name at this time. */
  recordAt(name: string, type: string, at: number): RecordSet | undefined {
    return this.#versions.findLast((version) => version.acceptedAt <= at)?.records.get(keyOf({ name, type }));
  }

  /** What the zone's own servers answered for a name at this time: changes count once they are done. */
  servedAt(name: string, type: string, at: number): RecordSet | undefined {
    return this.#versions.findLast((version) => version.servedAt <= at)?.records.get(keyOf({ name, type }));
  }

  /**
   * Every data that a resolver which keeps to the TTL may still hand out at this time: what is deleted while
   * it is in here breaks the site for somebody.
   */
  mayBeAnswered(name: string, type: string, at: number): string[] {
    const answers = this.#versions.flatMap((version, index) => {
      const set = version.records.get(keyOf({ name, type }));
      const until = this.#versions[index + 1]?.servedAt ?? Infinity;
      // Asked last in the moment before it went, and kept for a whole TTL from then.
      return set && version.servedAt <= at && at < until + set.ttl * 1_000 ? set.rrdatas : [];
    });
    return [...new Set(answers)];
  }

  #delete(records: Map<string, RecordSet>, set: RecordSet, field: string): void {
    const present = records.get(keyOf(set));
    if (!present && this.missingDeletion === 404) {
      throw notFound(`${field}' resource named '${set.name} (${set.type})'`);
    }
    if (!present || !isSame(present, set)) {
      throw new DnsError(412, "conditionNotMet", `Precondition not met for '${field}'`);
    }
    records.delete(keyOf(set));
  }

  #replace(records: Map<string, RecordSet>, pendingMs: number): void {
    const acceptedAt = this.#now();
    const servedAt = Math.max(acceptedAt + pendingMs, this.#versions.at(-1)?.servedAt ?? acceptedAt);
    this.#versions.push({ acceptedAt, servedAt, records });
  }
}

function add(records: Map<string, RecordSet>, set: RecordSet, field: string): void {
  const named = `'${field}' named '${set.name} (${set.type})'`;
  if (records.has(keyOf(set))) {
    throw new DnsError(409, "alreadyExists", `The resource ${named} already exists`);
  }
  const others = [...records.values()].filter((other) => other.name === set.name);
  if (others.some((other) => set.type === "CNAME" || other.type === "CNAME")) {
    const message = `The resource record set ${named} is invalid because a CNAME resource record set cannot coexist with others of its name.`;
    throw new DnsError(400, "cnameResourceRecordSetConflict", message);
  }
  records.set(keyOf(set), set);
}

function requireQuota(additions: readonly unknown[], deletions: readonly unknown[]): void {
  if (additions.length + deletions.length === 0) {
    throw new DnsError(400, "required", "The 'entity.change' parameter is required but was missing.");
  }
  const bytes = JSON.stringify([...additions, ...deletions]).length;
  const exceeded = [
    additions.length > MAX_SETS && "additions per change",
    deletions.length > MAX_SETS && "deletions per change",
    bytes > MAX_BYTES && "total rrdata size per change",
  ].filter((quota) => quota !== false);
  const [first, ...more] = exceeded.map((quota) => `The change would exceed quota for ${quota}.`);
  if (first) throw new DnsError(403, "quotaExceeded", first, ...more);
}

/** By hand where that is enough: properties ask for the records of thousands of zones. */
const copyOf = (set: RecordSet): RecordSet =>
  set.routingPolicy ? structuredClone(set) : { ...set, rrdatas: [...set.rrdatas] };

const apexOf = (dnsName: string): RecordSet[] => [
  { name: dnsName, type: "NS", ttl: 21_600, rrdatas: ["ns-1.dns.example.", "ns-2.dns.example."] },
  {
    name: dnsName,
    type: "SOA",
    ttl: 21_600,
    rrdatas: ["ns-1.dns.example. hostmaster.dns.example. 1 21600 3600 259200 300"],
  },
];

/** A zone never loses the records at its top. */
function requireApex(records: ReadonlyMap<string, RecordSet>, dnsName: string): void {
  for (const type of ["NS", "SOA"]) {
    if (!records.has(keyOf({ name: dnsName, type })))
      throw invalid("entity.change.deletions", `${dnsName} (${type})`);
  }
}
