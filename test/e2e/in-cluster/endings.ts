/** How the Job ends when the builder does not say 0: goes on after an interruption, failed after 1, 2 and 3. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asAdmin, until } from "../chart/cluster.ts";
import type { OpenStage, Stage } from "./stage.ts";

export function describeEndings(open: OpenStage): void {
  describe("interruptions and failures", { concurrent: false }, () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await open("end");
      await stage.install();
    });
    afterAll(() => stage.stop());

    const failed = (code: number, log: RegExp) => ({
      ...{ outcome: "Failed", reason: "PodFailurePolicy", exitCodes: [code] },
      log: expect.stringMatching(log),
    });
    const another = (job: string, count: number) =>
      until(
        `pod ${count} of ${job}`,
        () => stage.pods(job),
        (pods) => pods.length === count,
      );

    test("a deleted pod ends with 75, and another one goes on with the same run", async () => {
      stage.clock.hold();
      await stage.start("interrupted");
      await stage.logged("interrupted", /await-harvest/);
      const { runId } = (await stage.state()).run;
      const [pod] = await stage.pods("interrupted");
      // Followed to its end: with the pod goes its log.
      const said = stage.kubectl("logs", "-f", pod!.name);
      await stage.kubectl("delete", "pod", pod!.name);
      const lastWords = await said;
      if (process.env["POWO_SHOW_LOGS"]) console.log(lastWords);
      expect(lastWords).toMatch(/stopped by SIGTERM[^]*everything is saved/);
      const log = await stage.logged("interrupted", /goes on \(builder 2/);
      const events = await stage.kubectl(
        "get",
        "events",
        "--field-selector",
        "involvedObject.name=interrupted",
      );
      expect(events).toMatch(/Warning +StepInterrupted .*await-harvest.*stopped by SIGTERM/);
      expect(log).toContain(runId);
      await stage.logged("interrupted", /list 1 goes on: 0 of 8/);
    });

    test("one that is killed without a word, as by the machine that runs out of memory, is followed as well", async () => {
      const [pod] = await stage.pods("interrupted");
      const everything = ["node", "-e", `process.kill(-1, "SIGKILL")`];
      // All but the first process, tini, which ends as the builder did; the answer may be lost with the container.
      await asAdmin(["exec", "-n", stage.namespace, pod!.name, "--", ...everything]).catch(() => undefined);
      await another("interrupted", 2);
      await stage.logged("interrupted", /goes on \(builder 3/);
      expect((await stage.pods("interrupted"))[0]).toMatchObject({ name: pod!.name, exitCode: 137 });
    });

    test("so does one that is evicted, as when a node is drained", async () => {
      const pod = (await stage.pods("interrupted")).at(-1);
      const metadata = { name: pod!.name, namespace: stage.namespace };
      const eviction = JSON.stringify({ apiVersion: "policy/v1", kind: "Eviction", metadata });
      const path = `/api/v1/namespaces/${stage.namespace}/pods/${pod!.name}/eviction`;
      await stage.kubectlWith(eviction, "create", "--raw", path, "-f", "-");
      await stage.logged("interrupted", /goes on \(builder 4/);
      stage.clock.letGo();
      const end = await stage.ended("interrupted");
      if (process.env["POWO_SHOW_LOGS"]) console.log(end.log);
      expect(end, end.log).toMatchObject({ outcome: "Complete" });
      const { release } = (await stage.state()).run;
      const built = stage.world.databases.filter(({ namespace }) => namespace === release);
      expect(built.map(({ model }) => [model.imports, model.starts])).toEqual([[1, 1]]);
      expect(await stage.world.live()).toBe(release);
    });

    test("exit 1: a run that failed", async () => {
      await stage.start("fails");
      await stage.logged("fails", /new release/);
      const { release } = (await stage.state()).run;
      await stage.world.simulate({ [`${release}.portal`]: `${release}/portal crash-loop` });
      const end = await stage.ended("fails");
      if (process.env["POWO_SHOW_LOGS"]) console.log(end.log);
      expect(end, end.log).toMatchObject(failed(1, /FAILED: portal can't start[^]*kept for a look/));
      expect(end.message).toMatch(/portal can't start/);
      expect(await stage.world.live()).not.toBe(release);
    });

    test("exit 2: a configuration that can't work", async () => {
      const { releases } = stage.world;
      const before = await releases();
      await stage.install({ dataConfig: `${stage.dataUrl}-mistyped` });
      await stage.start("misconfigured");
      const end = await stage.ended("misconfigured");
      if (process.env["POWO_SHOW_LOGS"]) console.log(end.log);
      expect(end, end.log).toMatchObject(failed(2, /404/));
      expect(await releases()).toEqual(before);
    });

    test.each([
      ["approve", /nothing waits for approval/],
      ["rollback", /there is nothing to roll back/],
    ])("exit 3: %s is refused by an interlock", async (verb, why) => {
      const end = await stage.run(`refused-${verb}`, verb);
      if (process.env["POWO_SHOW_LOGS"]) console.log(end.log);
      expect(end, end.log).toMatchObject(failed(3, why));
      expect(stage.world.watch.violations).toEqual([]);
    });

    test("retry goes on with the run that had failed, though a misconfigured one came after it", async () => {
      const { runId, release, phase } = (await stage.state()).run;
      expect(phase).toBe("failed");
      await stage.world.simulate({ [`${release}.portal`]: null });
      await asAdmin(["delete", "pod", "-n", release, "-l", "name=portal"]);
      const end = await stage.run("retry-1", "retry");
      if (process.env["POWO_SHOW_LOGS"]) console.log(end.log);
      expect(end, end.log).toMatchObject({ outcome: "Complete", exitCodes: [0] });
      expect(end.log).toMatch(/is reopened by retry-1\n.*wait-for-pods/);
      expect((await stage.state()).run).toMatchObject({ runId, release, phase: "succeeded" });
      expect(await stage.world.live()).toBe(release);
      expect(stage.world.watch.violations).toEqual([]);
    });
  });
}
