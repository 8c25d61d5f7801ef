/** What the steps rely on of the inputs: chart, data configuration and secrets file. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../../src/errors.ts";
import type { Sources } from "../../src/ports/sources.ts";
import type { Fault } from "../sandbox/faults.ts";

export interface SourcesWorld {
  sources: Sources;
  /** Commits a change of the chart's values.yaml; gives the commit where the source has commits. */
  changeChart(): Promise<string | undefined>;
  /** Whether an older state can be fetched again. */
  keepsHistory: boolean;
  /** The same inputs from places where there is nothing. */
  missing: Sources;
  data: Uint8Array;
  secrets: string;
  showFault: (fault: Fault) => void;
  close(): Promise<void>;
}

export function describeSources(name: string, make: () => Promise<SourcesWorld>): void {
  describe(`${name} as Sources`, () => {
    const signal = new AbortController().signal;
    let world: SourcesWorld;
    beforeAll(async () => void (world = await make()));
    afterAll(() => world.close());

    it("fetches the chart, and says what it is", async () => {
      const chart = await world.sources.fetchChart(undefined, signal);
      expect(chart).toMatchObject({ name: "powo", version: "0.1.0" });
      expect(chart.commit).toMatch(/^([0-9a-f]{40}|sha256:[0-9a-f]{64})$/);
      expect(chart.environmentValues).toBe(path.join(chart.dir, "prod.yaml"));
      expect(chart.valuesDigest).toMatch(/^[0-9a-f]{64}$/);
      expect(await readFile(path.join(chart.dir, "Chart.yaml"), "utf8")).toContain("powo");
    });

    it("fetches the same again at the same commit", async () => {
      const first = await world.sources.fetchChart(undefined, signal);
      const again = await world.sources.fetchChart(first.commit, signal);
      expect(again).toEqual(first);
    });

    it("tells a changed chart, and keeps to the pinned one or refuses", async () => {
      const first = await world.sources.fetchChart(undefined, signal);
      const commit = await world.changeChart();
      const second = await world.sources.fetchChart(undefined, signal);
      if (commit !== undefined) expect(second.commit).toBe(commit);
      expect(second.commit).not.toBe(first.commit);
      expect(second.valuesDigest).not.toBe(first.valuesDigest);
      const pinned = world.sources.fetchChart(first.commit, signal);
      if (!world.keepsHistory) await expect(pinned).rejects.toMatchObject({ code: "CHART_CHANGED" });
      else expect(await pinned).toEqual(first);
    });

    it("leaves nothing of the chart before", async () => {
      const first = await world.sources.fetchChart(undefined, signal);
      await world.changeChart();
      const second = await world.sources.fetchChart(undefined, signal);
      expect(existsSync(second.dir)).toBe(true);
      if (first.dir !== second.dir) expect(existsSync(first.dir)).toBe(false);
    });

    it("fetches data and its digest", async () => {
      const { bytes, sha256 } = await world.sources.fetchData(signal);
      expect(Buffer.from(bytes).equals(world.data)).toBe(true);
      expect(sha256).toBe(createHash("sha256").update(world.data).digest("hex"));
    });

    it.each<Fault>([
      { kind: "reset" },
      { kind: "hang" },
      { kind: "truncated" },
      { kind: "status", status: 401 },
      { kind: "status", status: 404 },
      { kind: "status", status: 503 },
      { kind: "status", status: 429, headers: { "Retry-After": "3" } },
    ])("calls $kind $status of the data URL an outage", async (fault) => {
      world.showFault(fault);
      const failure = await world.sources.fetchData(signal).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: "OUTAGE", dependency: "the data URL" });
      if (fault.kind === "status") expect(failure).toMatchObject({ status: fault.status });
      if ("headers" in fault) expect(failure).toMatchObject({ retryAfterMs: 3_000 });
    });

    it("reads the secrets file", async () => {
      const { sha256, values, file } = await world.sources.readSecrets();
      expect(values).toHaveProperty("password.harvester");
      expect(sha256).toBe(createHash("sha256").update(world.secrets).digest("hex"));
      expect(await readFile(file, "utf8")).toBe(world.secrets);
    });

    it("calls inputs that aren't there a mistake of the configuration", async () => {
      await expect(world.missing.fetchChart(undefined, signal)).rejects.toBeInstanceOf(ConfigError);
      await expect(world.missing.readSecrets()).rejects.toBeInstanceOf(ConfigError);
    });
  });
}
