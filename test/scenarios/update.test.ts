/** The direct update of the live release, and what goes wrong with it. */
import { describe, expect, it } from "vitest";
import { PermanentError, TransientError } from "../../src/errors.ts";
import { cleanUp } from "../../src/operate/clean-up.ts";
import { updateLive } from "../../src/operate/update-live.ts";
import { createFakeWorld } from "../fakes/world.ts";
import { doing, hour, minute } from "./seen.ts";

describe("update", () => {
  it("upgrades the live release and shows its pods", async () => {
    const fake = createFakeWorld({ live: {} });
    const shown: string[][] = [];
    expect(await fake.builder("update-1").run(doing(updateLive, shown))).toEqual({ code: 0 });
    expect(shown[0]?.length).toBeGreaterThan(0);
    expect(fake.effects("releases.upgrade")).toHaveLength(1);
  });

  const refusing = () =>
    new PermanentError("HELM_FAILED", "helm could not upgrade it", { details: ["UPGRADE FAILED: webhook"] });
  const killed = () => new TransientError("helm", "helm upgrade was killed (SIGKILL)");
  const api = /^(cluster|releases)\./;
  it.each([
    ["a webhook is away for a minute", { calls: "releases.upgrade", forMs: minute, error: refusing }, 0],
    ["helm is killed twice", { calls: "releases.upgrade", times: 2, error: killed }, 0],
    ["the API server is away for 5 minutes", { calls: api, skip: 4, forMs: 5 * minute }, 0],
    ["the API server is away for longer", { calls: api, skip: 4, forMs: 30 * minute }, 75],
    ["a webhook stays away", { calls: "releases.upgrade", forMs: hour, error: refusing }, 1],
  ])("tries again while %s", async (_, fault, code) => {
    const fake = createFakeWorld({ live: {} });
    fake.faults.add(fault);
    const began = fake.clock.monotonic();
    const outcome = await fake.builder("update-1").run(doing(updateLive));
    expect(outcome).toMatchObject({ code });
    if (code === 0) return;
    expect(fake.clock.monotonic() - began).toBeGreaterThanOrEqual(10 * minute);
    if (code === 1) expect(outcome).toMatchObject({ error: { details: ["UPGRADE FAILED: webhook"] } });
  });

  it("goes back first where a helm that was killed has left its record pending", async () => {
    const fake = createFakeWorld({ live: {} });
    fake.cluster.require(fake.live[0]!).release!.status = "pending-upgrade";
    expect(await fake.builder("update-1").run(doing(updateLive))).toEqual({ code: 0 });
    expect(fake.effects("releases.rollback")).toHaveLength(1);
    expect(fake.effects("releases.upgrade")).toHaveLength(1);
  });

  it("is refused when nothing is live", async () => {
    const fake = createFakeWorld();
    expect(await fake.builder("update-1").run(doing(updateLive))).toMatchObject({ code: 3 });
  });

  it.each([
    ["in its swap", "dns.change", "swap-dns"],
    ["in its deletion", "releases.uninstall", "delete-old-release"],
  ])("is refused while a run waits %s for its next builder, as cleanup is", async (_, call, step) => {
    const fake = createFakeWorld({ live: {} });
    const first = fake.builder("builder-1");
    fake.when("after", call, () => first.terminate());
    expect(await first.run()).toEqual({ code: 75 });
    for (const verb of [updateLive, cleanUp]) {
      expect(await fake.builder("verb-1").run(doing(verb))).toMatchObject({
        code: 3,
        error: { code: "RUN_IN_SWAP", message: expect.stringContaining(step) },
      });
    }
    expect(fake.effects("releases.upgrade")).toHaveLength(0);
    expect(await fake.builder("builder-2").run()).toEqual({ code: 0 });
  });
});
