/**
 * Every call of a run, read or effect, meets an outage: once, for a minute, for longer than RETRY_TIMEOUT; of an effect also
 * the answer alone is lost. What calls there are is found by watching a run without faults. The run goes on, or says 75 and
 * the next builder brings it to the same end. `MATRIX=full` plays all cases on several runs.
 */
import { describe, expect, it } from "vitest";
import { cleanUp } from "../../src/operate/clean-up.ts";
import type { Fault } from "../fakes/faults.ts";
import type { FinalWorld } from "../fakes/final-world.ts";
import type { FakeWorld } from "../fakes/world.ts";
import { runJob, type Scenario } from "./crashes.ts";
import { isFull, matrixSeed, sample, scenarios } from "./matrix.ts";
import { doing, expectSound, minute, newRelease, storedRun } from "./seen.ts";

/** The adapters of these never fail (ports/notifier.ts), nor does a probe (ports/site.ts). */
const neverFails = /^(notifier\.|site\.probe$|leases\.holderLives$|cluster\.(logs|warnings|blockers)$)/;
const lengths = [
  ["once", { times: 1 }],
  ["for a minute", { forMs: minute }],
  ["for longer than RETRY_TIMEOUT", { forMs: 14 * minute }],
] as const;

interface Case extends Fault {
  text: string;
}

/** Each call by name, at its first use and at one in the middle. */
function casesOf(calls: readonly { name: string; isEffect: boolean }[]): Case[] {
  const names = [...new Set(calls.map(({ name }) => name))].filter((name) => !neverFails.test(name));
  return names.flatMap((name) => {
    const uses = calls.filter((call) => call.name === name);
    const ways = uses[0]?.isEffect ? (["before", "after"] as const) : (["before"] as const);
    const skips = [...new Set([0, Math.floor(uses.length / 2)])];
    return lengths.flatMap(([length, span]) =>
      ways.flatMap((when) =>
        skips.map((skip) => ({
          calls: name,
          ...span,
          when,
          skip,
          text: `${name} ${when === "before" ? "is away" : "does not answer"} ${length}, after ${skip} uses`,
        })),
      ),
    );
  });
}

/** A live site that stays away is no reason to reject the new one (verify-release.ts): then there is nothing to compare. */
function isAboutLiveSite({ name }: Scenario, { calls }: Case): boolean {
  return name === "a gate that rejects" && calls === "site.totalResults";
}

/** A deletion alone that is refused for longer than RETRY_TIMEOUT holds no run up: what stays is named, and goes by `cleanup`. */
function mayLeaveOne({ calls, forMs }: Case): boolean {
  return (
    forMs === 14 * minute &&
    /^(releases.uninstall|cluster.(deleteNamespace|ensureAccess))$/.test(String(calls))
  );
}

/** A count that the live site answers and the new one can't give for longer than RETRY_TIMEOUT fails the gate. */
function leavesUncounted({ calls, forMs, skip }: Case, fake: FakeWorld): boolean {
  const isOfNewSite = calls === "site.countTaxa" && skip === 0 && forMs === 14 * minute;
  return isOfNewSite && (storedRun(fake).previous ?? []).length > 0;
}

/**
 * A harvester that answers but starts nothing for longer than RETRY_TIMEOUT gets a new pod: nothing is at work in it by then,
 * and where starts were answered before, the pod is the likely cause.
 */
function withoutNewPods(final: FinalWorld, { calls, forMs }: Case): FinalWorld {
  if (calls !== "harvester.startJob" || forMs !== 14 * minute) return final;
  const harvest = Object.entries(final.harvest).map(([name, effects]) => [
    name,
    effects.filter((effect) => effect !== "pod-killed"),
  ]);
  return { ...final, harvest: Object.fromEntries(harvest) as FinalWorld["harvest"] };
}

function withFault(scenario: Scenario, fault: Fault): Scenario {
  return {
    ...scenario,
    async before(fake) {
      await scenario.before?.(fake);
      fake.faults.add(fault);
    },
  };
}

const played = isFull ? scenarios : scenarios.slice(0, 1);

for (const scenario of played) {
  const reference = await runJob(scenario, []);
  const all = casesOf(reference.calls).filter((one) => !isAboutLiveSite(scenario, one));
  const cases = sample(all, 60, scenario.name);
  describe(`${scenario.name}, by seed ${matrixSeed}`, () => {
    it.each(cases)(`${scenario.name}: $text`, async (fault) => {
      const { fake, outcomes, final } = await runJob(withFault(scenario, fault), []);
      const codes = outcomes.map(({ code }) => code);
      expect(fake.faults.hits).toBeGreaterThan(0);
      expect(codes.slice(0, -1).filter((code) => code !== 75)).toEqual([]);
      if (leavesUncounted(fault, fake)) {
        expect(codes).toEqual([1]);
        expect(storedRun(fake).failure?.code).toMatch(/^GATE_(COUNTS|RESULTS)$/);
        expect(fake.live).not.toContain(newRelease(fake));
        expectSound(fake);
        return;
      }
      expect(codes.at(-1)).toBe(reference.outcomes.at(-1)?.code);
      if (fault.forMs !== 14 * minute) expect(codes.length).toBeLessThanOrEqual(reference.outcomes.length);
      expectSound(fake);
      if (mayLeaveOne(fault) && fake.said.includes("stays for now")) {
        await fake.clock.sleep(14 * minute);
        await fake.builder("cleanup-1").run(doing(cleanUp));
        expect(fake.namespaces).toEqual([newRelease(fake)]);
        return;
      }
      // A lease that could not be freed expires by itself.
      const seen = fault.calls === "leases.write" ? { ...final, holder: undefined } : final;
      expect(withoutNewPods(seen, fault)).toEqual(withoutNewPods(reference.final, fault));
    });
  });
}

describe("the API server", () => {
  const away = /^(cluster|releases|store|leases)\./;

  it.each([
    ["5 minutes in the harvest", 10 * minute, 5 * minute, [0]],
    ["5 minutes while pods are waited for", 30_000, 5 * minute, [0]],
    ["5 minutes after the swap", 25 * minute, 5 * minute, [0]],
    ["30 minutes in the harvest", 10 * minute, 30 * minute, undefined],
  ])("is away for %s: no outside effect meanwhile, and the run ends well", async (_, at, forMs, codes) => {
    const scenario = scenarios[0]!;
    const { fake, outcomes } = await runJob(
      {
        ...scenario,
        make() {
          const world = scenario.make();
          const from = world.clock.now() + at;
          world.clock.at(from, () => world.faults.add({ calls: away, forMs }));
          return world;
        },
      },
      [],
    );
    const from = Date.UTC(2026, 10, 22, 12) + at;
    const meanwhile = fake.history.filter(
      ({ name, at: when, outcome }) =>
        when > from + 6 * minute &&
        when < from + forMs &&
        /^(harvester|dns)\./.test(name) &&
        outcome === "done",
    );
    expect(meanwhile).toEqual([]);
    if (codes) expect(outcomes.map(({ code }) => code)).toEqual(codes);
    expect(outcomes.at(-1)).toEqual({ code: 0 });
    expectSound(fake);
  });
});
