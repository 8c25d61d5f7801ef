/** Every ending of a run says what is live, by reading DNS then, or that it could not be read. */
import { expect, it } from "vitest";
import { TransientError } from "../../src/errors.ts";
import type { FakeBuilder } from "../fakes/builder.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { hour, minute, newRelease, storedRun } from "./seen.ts";

interface Ending {
  arrange: (fake: FakeWorld, builder: FakeBuilder) => void;
  code: number;
  said: string | RegExp;
}

const dnsIsAway = (fake: FakeWorld) =>
  fake.faults.add({
    calls: "dns.findRecords",
    forMs: hour,
    error: () => new TransientError("Cloud DNS", "no answer"),
  });
const inHarvest = (fake: FakeWorld, act: () => void) =>
  fake.when("after", "harvester.startList", () => fake.clock.at(fake.clock.now() + 5 * minute, act));
const asBefore = "live is still prod-old01; nothing that visitors see has changed";
const unread = "what is live could not be read from DNS (";

it.each<[string, Ending]>([
  ["a success", { arrange: () => undefined, code: 0, said: /^prod-\w+ +total/m }],
  [
    "a success after which DNS can't be read",
    {
      arrange: (fake) => fake.when("after", "cluster.deleteNamespace", () => dnsIsAway(fake)),
      code: 0,
      said: unread,
    },
  ],
  [
    "a success after which somebody moved a name at once",
    {
      arrange: (fake) =>
        fake.when("after", "cluster.deleteNamespace", () => {
          const { zone, name } = fake.mappings[0]!;
          fake.zones.get(zone)!.put({ name, type: "A", ttl: 300, rrdatas: ["198.51.100.7"] });
        }),
      code: 0,
      said: "points at 198.51.100.7, which belongs to no release",
    },
  ],
  [
    "SIGTERM in the harvest",
    { arrange: (fake, builder) => inHarvest(fake, () => builder.terminate()), code: 75, said: asBefore },
  ],
  [
    "SIGTERM in the harvest while DNS can't be read",
    {
      arrange: (fake, builder) =>
        inHarvest(fake, () => {
          dnsIsAway(fake);
          builder.terminate();
        }),
      code: 75,
      said: unread,
    },
  ],
  [
    "an outage of the harvester",
    {
      arrange: (fake) => inHarvest(fake, () => fake.faults.add({ calls: /^harvester\./, forMs: hour })),
      code: 75,
      said: asBefore,
    },
  ],
  [
    "a gate that fails",
    {
      arrange: (fake) =>
        fake.when("after", "harvester.startList", ({ args }) => {
          fake.cluster.require(String(args[0])).harvester.taxaFactor = 0.5;
        }),
      code: 1,
      said: asBefore,
    },
  ],
  [
    "a state that somebody changes meanwhile",
    {
      arrange: (fake) =>
        inHarvest(fake, () => {
          const { store } = fake;
          const run = JSON.stringify({ ...storedRun(fake), startedAt: "2026-01-01T00:00:00Z" });
          store.state = { ...store.state!, run, version: store.nextVersion() };
        }),
      code: 3,
      said: asBefore,
    },
  ],
  [
    "zones that may not be read",
    { arrange: (fake) => (fake.zones.get("site")!.denied = "everything"), code: 2, said: unread },
  ],
])("%s", async (_, { arrange, code, said }) => {
  const fake = createFakeWorld({ live: {} });
  const builder = fake.builder("builder-1");
  arrange(fake, builder);
  expect(await builder.run()).toMatchObject({ code });
  const last = fake.lines.slice(-2).map(({ message }) => message);
  expect(last.join("\n")).toMatch(said);
  if (code === 0) expect(fake.live).toContain(newRelease(fake));
  else expect(fake.live).toEqual(["prod-old01"]);
});
