/** A status that is read again and again costs little: what a run has pinned is read once. */
import { expect, it } from "vitest";
import type { JobNames } from "../../src/domain/job-names.ts";
import { readStatus } from "../../src/operate/status.ts";
import type { World } from "../../src/pipeline/world.ts";
import { createFakeWorld } from "../fakes/world.ts";
import { hour } from "./seen.ts";

it("reads the data configuration of a run once, and names its job every time", async () => {
  const fake = createFakeWorld({ live: {}, harvester: { jobMs: hour } });
  const builder = fake.builder("builder-1");
  const ended = builder.run();
  await fake.clock.sleep(hour / 2);
  const { world } = fake.builder("status-1");
  let reads = 0;
  const loadDocument: World["store"]["loadDocument"] = (slot) => {
    reads += 1;
    return world.store.loadDocument(slot);
  };
  const watched = { ...world, store: { ...world.store, loadDocument } };
  const names = new Map<string, JobNames>();
  for (let look = 0; look < 3; look += 1) {
    const status = await readStatus(watched, new AbortController().signal, names);
    expect(status.run?.harvest?.current).toBe(fake.document.jobConfigurations[0]?.description);
  }
  expect(reads).toBe(1);
  builder.kill();
  await ended;
});
