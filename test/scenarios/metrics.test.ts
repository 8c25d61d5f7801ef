/** Metrics while a run works: fed by what it writes down anyway, and never in its way. */
import { describe, expect, it } from "vitest";
import type { Metrics } from "../../src/pipeline/world.ts";
import { rebuild } from "../../src/operate/rebuild.ts";
import { createFakeWorld } from "../fakes/world.ts";
import { expectSound, storedRun } from "./seen.ts";

function recorded(broken = false) {
  const told: string[] = [];
  const tell = (what: string) => {
    told.push(what);
    if (broken) throw new Error("a metric that can't be set");
  };
  const metrics: Metrics = {
    stepEnded: (step, result) => tell(`${result} ${step}`),
    past: ({ runs }) => tell(`past ${runs.map(({ phase }) => phase).join()}`),
    saved: ({ phase, harvest }) => tell(`saved ${phase} ${harvest?.[0]?.ended ?? ""}`.trim()),
    close: async () => void told.push("closed"),
  };
  return { told, metrics };
}

describe("metrics", () => {
  it("follow the run from its first write to its end, with the calls that it makes anyway", async () => {
    const plain = createFakeWorld({ live: {} });
    await plain.builder("builder-1").run();
    const fake = createFakeWorld({ live: {} });
    const { told, metrics } = recorded();
    const builder = fake.builder("builder-1");
    const outcome = await builder.run((world, signal) =>
      rebuild({ ...world, openMetrics: async () => metrics }, signal),
    );
    expect(outcome).toEqual({ code: 0 });
    expect(told[0]).toBe("past ");
    expect(told[1]).toBe("saved running");
    expect(told).toEqual(
      expect.arrayContaining([
        ...storedRun(fake).steps.map(({ name, status }) => `${status} ${name}`),
        ...[1, 2, 3, 4].map((ended) => `saved running ${ended}`),
        "past succeeded",
        "saved succeeded 4",
      ]),
    );
    expect(told.at(-1)).toBe("closed");
    expect(fake.history.map(({ name }) => name)).toEqual(plain.history.map(({ name }) => name));
  });

  it.each([
    ["can't be opened", async () => Promise.reject(new Error("listen EADDRINUSE"))],
    ["throw", async () => recorded(true).metrics],
  ])("that %s are done without", async (_, openMetrics) => {
    const fake = createFakeWorld({ live: {} });
    const outcome = await fake
      .builder("builder-1")
      .run((world, signal) => rebuild({ ...world, openMetrics }, signal));
    expect(outcome).toEqual({ code: 0 });
    expectSound(fake);
  });
});
