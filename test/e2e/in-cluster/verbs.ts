/** Every verb as an operator starts it: kubectl create job x --from=cronjob/builder-<verb>. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addAllKinds } from "./all-kinds.ts";
import type { JobEnd, OpenStage, Stage } from "./stage.ts";

export function describeVerbs(open: OpenStage): void {
  describe("verbs by kubectl create job", { concurrent: false }, () => {
    let stage: Stage;
    let old: string;
    let first: string;
    beforeAll(async () => {
      stage = await open("vrb");
      old = stage.world.liveRelease ?? "";
      await stage.world.repository.commit(addAllKinds);
      await stage.install({ settings: { APPROVAL: "manual", RETAIN_PREVIOUS: "1h" } });
    });
    afterAll(() => stage.stop());

    const complete = (log: RegExp) => ({
      ...{ outcome: "Complete", exitCodes: [0], log: expect.stringMatching(log) },
    });
    const see = (end: JobEnd) => {
      if (process.env["POWO_SHOW_LOGS"]) console.log(end.log);
      return expect(end, end.log);
    };
    const verb = async (name: string, which = 1) => see(await stage.run(`${name}-${which}`, name));

    test("validate, plan and status, before the first run", async () => {
      const [validated, plan, status] = await Promise.all(
        ["validate", "plan", "status"].map((name) => verb(name)),
      );
      validated!.toMatchObject(complete(/checks passed/));
      plan!.toMatchObject(complete(new RegExp(`${old} was not installed by this builder`)));
      status!.toMatchObject(complete(new RegExp(`^live +${old}`)));
    });

    test("status and approve, while a run waits for approval", async () => {
      await stage.start("rebuild-1");
      await stage.logged("rebuild-1", /waits for approval/);
      first = (await stage.state()).run.release;
      (await verb("status", 2)).toMatchObject(complete(new RegExp(`^live +${old}[^]*waiting for approval`)));
      (await verb("approve")).toMatchObject(complete(new RegExp(`${first} goes live within`)));
      see(await stage.ended("rebuild-1")).toMatchObject(complete(/approved by/));
      expect(await stage.world.live()).toBe(first);
      expect(await stage.world.releases()).toContain(old);
    });

    test("history, report, and a plan beside a release of its own", async () => {
      await stage.world.repository.setImage("portal", "site-portal:9.9.9", stage.world.environment);
      const [history, report, plan] = await Promise.all([verb("history"), verb("report"), verb("plan", 2)]);
      history.toMatchObject(complete(new RegExp(`${first} +succeeded`)));
      report.toMatchObject(complete(new RegExp(`^<!doctype html>[^]*${first}[^]*</html>$`, "i")));
      // Hooks are no part of a release's record, and nothing that a run adds.
      plan.toMatchObject({ log: expect.not.stringContaining("extra-hook") });
      plan.toMatchObject(complete(/images +portal.*site-portal: [\d.]+ → 9\.9\.9/));
    });

    test("update", async () => {
      (await verb("update")).toMatchObject(complete(new RegExp(first)));
      const image = ["deployment", "portal", "-o", "jsonpath={..image}"];
      expect(await stage.world.kubectl("get", "-n", first, ...image)).toContain("site-portal:9.9.9");
    });

    test("rollback", async () => {
      (await verb("rollback")).toMatchObject(complete(new RegExp(`rolled back: live is ${old}`)));
      expect(await stage.world.live()).toBe(old);
    });

    test("cleanup", async () => {
      (await verb("cleanup")).toMatchObject(complete(/cleanup|nothing/));
      expect(await stage.world.releases()).toContain(old);
      expect(await stage.world.live()).toBe(old);
    });

    test("abort, in the middle of a harvest", async () => {
      stage.clock.hold();
      await stage.start("rebuild-2");
      await stage.logged("rebuild-2", /await-harvest/);
      const { release } = (await stage.state()).run;
      (await verb("abort")).toMatchObject(complete(new RegExp(`${release} is gone`)));
      see(await stage.ended("rebuild-2")).toMatchObject({
        ...{ outcome: "Failed", reason: "PodFailurePolicy", exitCodes: [1] },
        log: expect.stringContaining("ended by an operator"),
      });
      expect(await stage.world.releases()).not.toContain(release);
      expect(await stage.world.live()).toBe(old);
      expect(stage.world.watch.violations).toEqual([]);
    });
  });
}
