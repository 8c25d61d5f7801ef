/** What an operator sees of a run while it works and after it has ended: metrics, JSON log, report, history. */
import { readFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { jobsStarted, readStored, type Bench, type Json } from "./bench.ts";

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const parsed = (lines: readonly string[]): Json[] => lines.map((line) => JSON.parse(line));

export function describeLookingBack(bench: Bench): void {
  describe("a run that can be looked at", () => {
    let runId: string;

    it("serves metrics while it works, and names itself on every line of the JSON log", async () => {
      const port = await freePort();
      const overrides = { METRICS_PORT: String(port), LOG_FORMAT: "json" };
      const builder = bench().startBuilder("run", overrides);
      const scrape = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      await bench().until("the harvest", () => bench().databases.length > 1 && jobsStarted(bench()) > 3);
      const text = await bench().until("progress", async () => {
        const answer = await scrape().catch(() => "");
        return /powo_builder_harvest_jobs_ended\{[^}]*\} [1-9]/.test(answer) && answer;
      });
      expect(text).toContain('powo_builder_step{step="await-harvest",environment="prod"} 1');
      expect(text).toContain('powo_builder_step_duration_seconds{step="install-release"');
      expect(text).toContain('powo_builder_harvest_jobs{list="1",environment="prod"} 82');
      expect(await builder.exit, builder.output()).toBe(0);
      await expect(scrape()).rejects.toThrow();
      const { run } = await readStored(bench());
      runId = run.runId;
      const lines = parsed(builder.lines);
      const first = lines.findIndex((line) => line.runId !== undefined);
      expect(lines.length - first).toBeGreaterThan(90);
      for (const line of lines.slice(first)) {
        expect(line).toMatchObject({ runId, severity: expect.stringMatching(/^(INFO|WARNING|DEBUG)$/) });
        expect(line.release).toBeTypeOf("string");
      }
      const steps = lines.map(({ step }) => step).filter(Boolean);
      expect(new Set(steps)).toEqual(new Set([...run.steps.map(({ name }: Json) => name), "page", "live"]));
    });

    it("can be had as one page, to standard output or into a file, and as data", async () => {
      const printed = bench().startBuilder("report");
      expect(await printed.exit, printed.output()).toBe(0);
      expect(printed.output()).toMatch(/^<!doctype html>/);
      expect(printed.output()).toContain("went live");
      expect(printed.output().match(/class="bar \w+"[^>]*\btitle="/g)).toHaveLength(82);
      const file = path.join(bench().dir, "report.html");
      const written = bench().startBuilder(["report", runId, "--output", file]);
      expect(await written.exit, written.output()).toBe(0);
      expect(written.output()).toBe(`report of ${runId} written to ${file}`);
      expect(readFileSync(file, "utf8")).toContain("</html>");
      const data = bench().startBuilder(["report", "-o", "json"]);
      expect(await data.exit, data.output()).toBe(0);
      expect(JSON.parse(data.output())).toMatchObject({ runId, phase: "succeeded", totals: { jobs: 82 } });
      const unknown = bench().startBuilder(["report", "prod-20200101-0000"]);
      expect(await unknown.exit, unknown.output()).toBe(2);
    });

    it("is compared with the next one in its history and its report", async () => {
      const builder = bench().startBuilder("run");
      expect(await builder.exit, builder.output()).toBe(0);
      const history = bench().startBuilder(["history", runId]);
      expect(await history.exit, history.output()).toBe(0);
      expect(history.output()).toMatch(/taxa with images +[\d,]+ +live [\d,]+/);
      const report = bench().startBuilder(["report", runId, "-o", "json"]);
      expect(await report.exit, report.output()).toBe(0);
      const second = bench().startBuilder(["report", "-o", "json"]);
      expect(await second.exit, second.output()).toBe(0);
      expect(JSON.parse(second.output()).jobs[0].before.records).toBe(
        JSON.parse(report.output()).jobs[0].records,
      );
    });

    it("does without metrics where the port is taken, and says so", async () => {
      const taken = net.createServer();
      await new Promise<void>((resolve) => taken.listen(0, "0.0.0.0", resolve));
      const { port } = taken.address() as net.AddressInfo;
      const builder = bench().startBuilder("run", { METRICS_PORT: String(port) });
      expect(await builder.exit, builder.output()).toBe(0);
      expect(builder.output()).toContain(`warning: no metrics on port ${port}`);
      taken.close();
    });
  });
}
