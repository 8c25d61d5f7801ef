/** The CronJob fires: Job, pod, builder, a whole rebuild; joined by a second one, and not disturbed by an upgrade. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../chart/cluster.ts";
import type { OpenStage, Stage } from "./stage.ts";

export function describeRebuild(open: OpenStage): void {
  describe("a rebuild by the clock", { concurrent: false }, () => {
    let stage: Stage;
    let job: string;
    beforeAll(async () => {
      stage = await open("clk");
      stage.clock.hold();
      await stage.install({ suspend: false, schedule: "* * * * *" });
    });
    afterAll(() => stage.stop());

    test("helm test finds that the builder could work", async () => {
      const { exitCode, text } = await stage.helmTest();
      expect(text).toMatch(/builder-test[^]*Succeeded/);
      expect(exitCode).toBe(0);
      expect(await stage.kubectl("logs", "builder-test")).toMatch(/checks passed/);
    });

    test("the CronJob starts a builder, which gets as far as the harvest", async () => {
      const names = async () => (await stage.kubectl("get", "jobs", "-o", "name")).split("\n");
      const isScheduled = (name: string) => name.startsWith("job.batch/builder-");
      const found = await until("a Job of the CronJob", names, (all) => all.some(isScheduled));
      job = found.find(isScheduled)!.replace("job.batch/", "");
      await stage.logged(job, /await-harvest/);
      stage.clock.advance(1_000);
      await stage.logged(job, /\d of 8/);
    });

    test("a Job that an operator starts meanwhile joins: it says where the run is, and completes", async () => {
      await stage.start("deploy-manual");
      expect(await stage.ended("deploy-manual")).toMatchObject({
        ...{ outcome: "Complete", exitCodes: [0] },
        log: expect.stringMatching(/another builder is at work: run .*await-harvest, job \d of 8/),
        message: expect.stringContaining("another builder is at work"),
      });
    });

    test("an upgrade of the chart leaves the pod and its run alone", async () => {
      const before = await stage.pods(job);
      await stage.install({ suspend: true, podLabels: { changed: "yes" }, deleteExisting: true });
      expect(await stage.pods(job)).toEqual(before);
      expect((await stage.state()).run.phase).toBe("running");
    });

    test("the run ends: the new release is live, the original builder's is gone, the Job is complete", async () => {
      const { world } = stage;
      stage.clock.letGo();
      const end = await stage.ended(job);
      const { release, phase } = (await stage.state()).run;
      expect(end, end.log).toMatchObject({ outcome: "Complete", exitCodes: [0] });
      expect(phase).toBe("succeeded");
      expect(await world.live()).toBe(release);
      expect(release).not.toBe(world.liveRelease);
      expect(await world.releases()).toEqual([release]);
      const built = world.databases.filter(({ namespace }) => namespace === release);
      expect(built.map(({ model }) => [model.imports, model.starts])).toEqual([[1, 1]]);
      expect(world.watch.violations).toEqual([]);
    });

    test("its log reads from the first line to the last, and holds no secret", async () => {
      const text = await stage.log(job);
      if (process.env["POWO_SHOW_LOGS"]) console.log(text);
      const steps =
        "preflight install-release wait-for-pods load-data await-harvest verify-release swap-dns delete-old-release";
      expect(text).toMatch(new RegExp(steps.split(" ").join("[^]*")));
      expect(text.split("\n").at(-1)).toMatch(/direct update: {2}helm upgrade/);
      for (const canary of stage.world.secrets.canaries) expect(text).not.toContain(canary);
    });

    test("the Job tells each step as an Event", async () => {
      const text = await stage.kubectl("get", "events", "--field-selector", `involvedObject.name=${job}`);
      expect(text).toMatch(/StepDone.*await-harvest/);
      expect(text).toMatch(/Live/);
    });
  });
}
