/** Generated worlds: namespaces of ours and of others, what DNS says, and outsiders who edit it. */
import { annotations, isReleaseName, labels, managedBy } from "../../../src/domain/names.ts";
import { fc } from "../../fast-check.ts";
import { createFakeWorld, type FakeWorld } from "../../fakes/world.ts";

export const mappings = [
  { zone: "site", name: "prod.example.", service: "ingress" },
  { zone: "site", name: "colplanta.prod.example.", service: "ingress-colplanta" },
  { zone: "other", name: "colfungi.example.", service: "ingress-colfungi" },
];

/** Ours, and what only looks so: other environments, longer, upper case, Cyrillic а and о, a line end. */
const names = ["prod-old01", "prod-bad01", "prod-bad02", "prod-kept1", "prod-tools", "prod-abcde"];
const namespaceName = fc.constantFrom(
  ...[...names, ...names, ...names],
  ...["production-tools", "prod-uat", "prod-uat-abcde", "uat-abcde", "prod-eu-abcde", "xprod-abcde", "prod"],
  ...["prod-ABCDE", "prod-аbсdе", "prоd-abcde", "prod-abcde\n", "prod-abcdef", "prod--bcde", "prod-"],
);

const day = 86_400_000;
const time = (now: number) => (offset: number | undefined) =>
  offset === undefined ? undefined : new Date(now + offset).toISOString();
const offset = fc.constantFrom(-30 * day, -1_000, 1_000, 30 * day);
const seldom = fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, offset);

export interface GivenNamespace {
  name: string;
  managed: string | undefined;
  environment: string | undefined;
  keep: boolean;
  retain: number | undefined;
  live: number | undefined;
  replaced: number | undefined;
  installed: boolean;
}

/** Whose the labels say that it is: ours, another's, half of either, or nobody's as the original builder left them. */
const ownership = fc.oneof(
  { weight: 5, arbitrary: fc.constant({ managed: managedBy, environment: "prod" }) },
  { weight: 2, arbitrary: fc.constant({ managed: undefined, environment: undefined }) },
  {
    weight: 2,
    arbitrary: fc.record({
      managed: fc.constantFrom(managedBy, "helm", undefined),
      environment: fc.constantFrom("prod", "uat", "prod-uat", undefined),
    }),
  },
);

const namespace: fc.Arbitrary<GivenNamespace> = fc
  .record({
    name: namespaceName,
    ownership,
    keep: fc.constantFrom(false, false, false, true),
    retain: fc.option(offset, { nil: undefined, freq: 3 }),
    live: seldom,
    replaced: seldom,
    installed: fc.constantFrom(true, true, false),
  })
  .map(({ ownership: { managed, environment }, ...given }) => ({ ...given, managed, environment }));

export const namespaces: fc.Arbitrary<GivenNamespace[]> = fc.uniqueArray(namespace, {
  maxLength: 7,
  selector: ({ name }) => name,
});

/** Where each name points: at a namespace by its place in the list, at a stranger, nowhere. */
export const records = fc.tuple(...mappings.map(() => fc.option(fc.nat(9), { nil: undefined, freq: 6 })));

/** What becomes of questions to Cloud DNS. */
export const dnsFaults = fc.constantFrom("none", "none", "none", "once", "for ever", "forbidden");

const stranger = (index: number) => `198.51.100.${index + 1}`;

export function worldOf(
  given: readonly GivenNamespace[],
  pointing: readonly (number | undefined)[],
  settings: Record<string, string> = {},
): FakeWorld {
  const fake = createFakeWorld({ mappings, settings });
  const at = time(fake.clock.now());
  for (const item of given) {
    const namespace = fake.cluster.create(
      item.name,
      defined({ [labels.managedBy]: item.managed, [labels.environment]: item.environment }),
    );
    if (item.installed) fake.cluster.install(item.name, fake.clock.now() - 7 * day);
    Object.assign(
      namespace.annotations,
      defined({
        [annotations.keep]: item.keep ? "" : undefined,
        [annotations.retainUntil]: at(item.retain),
        [annotations.liveSince]: at(item.live),
        [annotations.replacedAt]: at(item.replaced),
      }),
    );
    if (!isOurs(item)) fake.untouchable.add(item.name);
  }
  mappings.forEach(({ zone, name, service }, index) => {
    const place = pointing[index];
    if (place === undefined) return;
    const address = fake.cluster.addressOf(given[place]?.name ?? "", service) ?? stranger(index);
    fake.zones.get(zone)!.put({ name, type: "A", ttl: 300, rrdatas: [address] });
  });
  return fake;
}

/** By exact pattern, and by both labels, or without any label by holding every mapped Service: what is installed does. */
export function isOurs({ name, managed, environment, installed }: GivenNamespace): boolean {
  if (!isReleaseName("prod", name)) return false;
  const isUnlabelled = managed === undefined && environment === undefined;
  return (managed === managedBy && environment === "prod") || (isUnlabelled && installed);
}

/** What DNS points at or a resolver may hold, what is kept, what is not to go yet, what was live and has no date. */
export function mustStay(fake: FakeWorld, item: GivenNamespace): boolean {
  const { annotations: notes } = fake.cluster.require(item.name);
  const pointedAt = mappings.some((mapping) => fake.pointsAt(mapping) === item.name);
  const wasLive = item.live !== undefined || item.replaced !== undefined;
  const until = notes[annotations.retainUntil];
  const kept = item.keep || (until !== undefined && Date.parse(until) > fake.clock.now() + day);
  return pointedAt || kept || !isOurs(item) || (wasLive && until === undefined);
}

/** The fake's faults for what becomes of questions to Cloud DNS. */
export function breakDns(fake: FakeWorld, how: string): void {
  if (how === "once") fake.faults.add({ calls: "dns.findRecords" });
  else if (how === "for ever") fake.faults.add({ calls: /^dns\./, times: Infinity });
  else if (how === "forbidden") for (const zone of fake.zones.values()) zone.denied = "everything";
}

function defined(entries: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(entries).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Somebody who edits a record during a run: when, which, and how. */
export interface Outsider {
  at: { minutes: number } | { when: "before" | "after"; effect: "dns.change"; nth: number };
  name: number;
  edit: "another address" | "another TTL" | "nothing left" | "an alias";
}

export const outsider: fc.Arbitrary<Outsider> = fc.record({
  at: fc.oneof(
    fc.record({ minutes: fc.constantFrom(0.3, 1, 20, 40, 41, 42, 43, 44, 46, 50) }),
    fc.record({
      when: fc.constantFrom("before", "after"),
      effect: fc.constant("dns.change"),
      nth: fc.integer({ min: 1, max: 2 }),
    }),
  ),
  name: fc.nat(mappings.length - 1),
  edit: fc.constantFrom("another address", "another TTL", "nothing left", "an alias"),
});

/** What an outsider has left of the record; undefined until they came. */
export function letIn(fake: FakeWorld, { at, name: index, edit }: Outsider): { left: string | undefined } {
  const seen: ReturnType<typeof letIn> = { left: undefined };
  const { zone, name } = mappings[index]!;
  const model = fake.zones.get(zone)!;
  const act = () => {
    const before = model.find(name);
    if (edit === "another TTL" && before) model.put({ ...before, ttl: 77 });
    if (edit === "another address") model.put({ name, type: "A", ttl: 60, rrdatas: [stranger(50)] });
    if (edit === "nothing left" || edit === "an alias") model.remove(name);
    if (edit === "an alias") model.put({ name, type: "CNAME", ttl: 60, rrdatas: ["elsewhere.example."] });
    seen.left = describeRecord(fake, index);
  };
  if ("minutes" in at) fake.clock.at(fake.clock.now() + at.minutes * 60_000, act);
  else fake.when(at.when, at.effect, act, at.nth);
  return seen;
}

export function describeRecord(fake: FakeWorld, index: number): string {
  const { zone, name } = mappings[index]!;
  const model = fake.zones.get(zone)!;
  return JSON.stringify([model.find(name), model.find(name, "CNAME")]);
}
