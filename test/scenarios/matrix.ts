/** The runs that are killed at every effect, and how much of a matrix is played. */
import { Random } from "../sandbox/kubernetes/random.ts";
import { namespaceLabels } from "../../src/domain/names.ts";
import { createFakeWorld, type FakeWorld, type FakeWorldOptions } from "../fakes/world.ts";
import type { Verb } from "../fakes/builder.ts";
import type { Scenario } from "./crashes.ts";
import { accepting, retry, secondJob } from "./retrying.ts";
import { day, denyWrites, newRelease, twoZones } from "./seen.ts";

/** `MATRIX=full` plays every case, else a sample that MATRIX_SEED decides. */
export const isFull = process.env["MATRIX"] === "full";
export const matrixSeed = Number(process.env["MATRIX_SEED"] ?? 1);

/** The cases that are played: all of them, or so many that the seed picks. */
export function sample<T>(cases: readonly T[], most: number, salt = ""): T[] {
  if (isFull || cases.length <= most) return [...cases];
  const random = new Random(matrixSeed + 1_000 * Buffer.from(salt).reduce((sum, byte) => sum + byte, 0));
  const picked = cases.map((item) => ({ item, order: random.next() })).sort((a, b) => a.order - b.order);
  const chosen = new Set(picked.slice(0, most).map(({ item }) => item));
  return cases.filter((item) => chosen.has(item));
}

/** Few renewals of the Lease: each is an effect, and one is like the other. */
const calm = { LEASE_DURATION: "6m", POST_SWAP_WATCH: "4m", STRICT_ERROR_CHECKING: "true" };
const short = { jobMs: 4 * 60_000 };

function scenario(
  name: string,
  options: FakeWorldOptions,
  prepare: (fake: FakeWorld) => void = () => undefined,
): Scenario {
  return {
    name,
    make() {
      const settings = { ...calm, ...options.settings };
      const fake = createFakeWorld({ live: {}, harvester: short, ...options, settings });
      prepare(fake);
      return fake;
    },
  };
}

const harvesterOf = (fake: FakeWorld, { args }: { args: readonly unknown[] }) =>
  fake.cluster.require(String(args[0])).harvester;

/** A run that fails as the scenario says, and is opened again a week later. */
function retried(
  failing: Scenario,
  verb: Verb,
  mended: (fake: FakeWorld) => void = () => undefined,
): Scenario {
  return {
    name: `retry after ${failing.name}`,
    make: failing.make,
    async before(fake) {
      await fake.builder("earlier").run();
      await fake.clock.sleep(7 * day);
      mended(fake);
    },
    verb,
  };
}

const failingJob = scenario("a job that fails for good", {}, (fake) =>
  fake.when("before", "harvester.startList", (effect) =>
    harvesterOf(fake, effect).outcomes.set(secondJob(fake), { exitCode: "FAILED" }),
  ),
);
const rejectingGate = scenario("a gate that rejects", {}, (fake) =>
  fake.when("before", "harvester.startList", (effect) => {
    harvesterOf(fake, effect).taxaFactor = 0.5;
  }),
);
const failingSite = scenario("a new site that fails after the swap", {}, (fake) =>
  fake.when("after", "dns.change", () => {
    const fail = () => (fake.cluster.require(fake.live[0]!).siteStatus = 500);
    fake.clock.at(fake.clock.now() + 60_000, fail);
  }),
);
const failed = (fake: FakeWorld) => fake.cluster.require(newRelease(fake));

/** Each of them ends in its own way; together they come by every effect that there is. */
export const scenarios: readonly Scenario[] = [
  scenario("replacing the live release", {}),
  scenario("the first day", { live: undefined }),
  scenario("two zones and the original builder's release", { live: { labels: false }, mappings: twoZones }),
  scenario("an approval by time, and the old release kept", {
    settings: { APPROVAL: "auto-after:10m", RETAIN_PREVIOUS: "48h" },
  }),
  scenario("leftovers of a failed run", {}, (fake) => {
    fake.cluster.create("prod-bad01", namespaceLabels("prod", "prod-20261108-1200"));
    fake.cluster.install("prod-bad01");
  }),
  scenario("a job that fails once", {}, (fake) => {
    fake.when("before", "harvester.startList", (effect) =>
      harvesterOf(fake, effect).outcomes.set(secondJob(fake), { exitCode: "FAILED" }),
    );
    fake.when("before", "harvester.startJob", (effect) => harvesterOf(fake, effect).outcomes.clear());
  }),
  scenario("a harvester that dies in the middle of the list", {}, (fake) =>
    fake.when("after", "harvester.startList", ({ args }) =>
      fake.clock.at(fake.clock.now() + 6 * 60_000, () => fake.cluster.restart(String(args[0]), "harvester")),
    ),
  ),
  scenario("a database that is away as a step ends", { settings: { HARVEST_WEDGE_TIMEOUT: "10m" } }, (fake) =>
    fake.when("after", "harvester.startList", (effect) =>
      fake.clock.at(fake.clock.now() + 7.5 * 60_000, () =>
        harvesterOf(fake, effect).loseConnection(2 * 60_000),
      ),
    ),
  ),
  scenario("an import that is left half done", {}, (fake) =>
    fake.when("before", "harvester.importData", (effect) => {
      harvesterOf(fake, effect).killImportAfter = 4;
    }),
  ),
  failingJob,
  rejectingGate,
  scenario("a second zone that refuses until the first was put back", { mappings: twoZones }, (fake) => {
    const other = fake.zones.get("other")!;
    denyWrites(fake, "other");
    fake.when("after", "dns.change", () => (other.denied = false), 2);
  }),
  failingSite,
  retried(failingJob, retry, (fake) => failed(fake).harvester.outcomes.clear()),
  retried(rejectingGate, accepting("known")),
  retried(failingSite, retry, (fake) => void (failed(fake).siteStatus = 200)),
];
