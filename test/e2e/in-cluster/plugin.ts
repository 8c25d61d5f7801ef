/** The tasks of docs/operations.md as they are typed with the plugin, by somebody who may do no more than the chart's operators. */
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { requireBinaries } from "../../tools/binaries.ts";
import { removeFolder } from "../../tools/remove-folder.ts";
import { until } from "../chart/cluster.ts";
import type { OpenStage, Stage } from "./stage.ts";

const plugin = path.resolve(import.meta.dirname, "../../../plugin");
const operator = "ada@example.org";

export function describePlugin(open: OpenStage): void {
  describe("kubectl powo", { concurrent: false }, () => {
    let stage: Stage;
    let dir: string;
    let env: Record<string, string>;
    beforeAll(async () => {
      stage = await open("plg");
      await stage.install({
        settings: { APPROVAL: "manual", RETAIN_PREVIOUS: "1h" },
        operators: [{ kind: "User", name: operator }],
      });
      dir = await mkdtemp(path.join(tmpdir(), "powo-plugin-"));
      const kubeconfig = path.join(dir, "kubeconfig");
      const admin = parse(await readFile(process.env["KUBECONFIG"]!, "utf8"));
      for (const { user } of admin.users) user.as = operator;
      await writeFile(kubeconfig, stringify(admin));
      const { dir: binaries } = await requireBinaries();
      // kubectl finds its plugins on the PATH.
      env = { PATH: `${plugin}:${binaries}:${process.env["PATH"]}`, KUBECONFIG: kubeconfig, HOME: dir };
    });
    afterAll(async () => {
      await stage.stop();
      await removeFolder(dir);
    });

    const typed = (line: string, ...more: string[]) =>
      execa("kubectl", ["powo", ...line.split(" "), ...more], { env, extendEnv: false, reject: false });
    const there = (line: string, ...more: string[]) => typed(line, ...more, "-n", stage.namespace);
    const jobs = async () => (await stage.kubectl("get", "jobs", "-o", "name")).trim();
    const live = () => stage.world.live();

    test("the tasks, one line each: the answer, the exit code, and nothing left behind", async () => {
      const old = await live();

      const first = await there("status");
      expect(first).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(new RegExp(`^live +${old}`)),
      });
      expect(await there("validate")).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(/checks passed/),
      });
      expect(await there("plan")).toMatchObject({ exitCode: 0 });
      expect(await there("approve")).toMatchObject({ exitCode: 3 });
      expect(await there("retry")).toMatchObject({ exitCode: 3 });
      expect(await jobs()).toBe("");

      // A run whose pod is lost: the log goes on with the next one's.
      stage.clock.hold();
      const run = there("run");
      const job = await until("a Job", jobs, (name) => name !== "");
      const name = job.replace("job.batch/", "");
      await stage.logged(name, /await-harvest/);
      const status = await there("status -o json");
      expect(JSON.parse(status.stdout).run).toMatchObject({
        phase: "running",
        step: { name: "await-harvest" },
      });
      // The live page, by the port that kubectl tells; it ends with the pod, and says so.
      const page = there("open --no-browser");
      const url = await new Promise<string>((resolve) => {
        page.stderr.on("data", (text) => {
          const found = /http:\/\/127\.0\.0\.1:\d+/.exec(String(text));
          if (found) resolve(found[0]);
        });
      });
      expect(await (await fetch(url)).text()).toMatch(/^<!doctype html>[^]*await-harvest/i);
      expect(await (await fetch(`${url}/healthz`)).text()).toBe("ok\n");
      const [pod] = await stage.pods(name);
      await stage.kubectl("delete", "pod", pod!.name);
      await stage.logged(name, /goes on \(builder 2/);
      expect(await page).toMatchObject({
        exitCode: 0,
        stderr: expect.stringMatching(
          /has ended[^]*if the run goes on in the next pod: {2}kubectl powo open/,
        ),
      });
      stage.clock.letGo();
      await stage.logged(name, /waits for approval/);
      const { release, runId } = (await stage.state()).run;

      // Whoever comes later follows it as well, and a laptop that is closed ends nothing.
      const follower = there("logs -f");
      await stage.logged(name, /waits for approval/);
      const laptop = execa("kubectl", ["powo", "logs", "--follow", "-n", stage.namespace], {
        ...{ env, extendEnv: false, reject: false, detached: true },
      });
      await new Promise<void>((resolve) => laptop.stdout.once("data", () => resolve()));
      // A terminal tells Ctrl-C to all of its programs, kubectl among them.
      process.kill(-laptop.pid!, "SIGINT");
      expect(await laptop).toMatchObject({
        exitCode: 130,
        stderr: expect.stringContaining(`kubectl powo logs -f ${name} -n ${stage.namespace}`),
      });

      const approved = await there("approve", "--by", 'Ada "the Gardener"');
      expect(approved).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining(`${release} goes live`),
      });
      const ended = await run;
      expect(ended, ended.stderr).toMatchObject({ exitCode: 0 });
      expect(ended.stdout).toMatch(/goes on \(builder 2[^]*approved by Ada "the Gardener"/);
      expect(await follower).toMatchObject({ exitCode: 0 });
      expect(await live()).toBe(release);

      const history = await there("history", runId);
      expect(history).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(release) });
      const report = await there("report");
      expect(report.stdout).toMatch(/^<!doctype html>[^]*Ada &quot;the Gardener&quot;[^]*<\/html>$/i);
      expect(await there("update")).toMatchObject({ exitCode: 0 });
      expect(await there("rollback")).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining(`live is ${old}`),
      });
      expect(await live()).toBe(old);
      expect(await there("cleanup")).toMatchObject({ exitCode: 0 });

      stage.clock.hold();
      const dropped = there("run");
      const second = (await until("a Job", jobs, (text) => text !== "")).replace("job.batch/", "");
      await stage.logged(second, /await-harvest/);
      expect(await there("abort")).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/is gone/) });
      expect(await dropped).toMatchObject({
        exitCode: 1,
        stdout: expect.stringContaining("ended by an operator"),
      });
      expect(await until("no Job", jobs, (text) => text === "")).toBe("");
      expect(stage.world.watch.violations).toEqual([]);
    });

    test("explains itself where there is no builder, no such verb, or no right", async () => {
      const admin = { ...env, KUBECONFIG: process.env["KUBECONFIG"]! };
      const elsewhere = execa("kubectl", ["powo", "status", "-n", "default"], {
        env: admin,
        extendEnv: false,
        reject: false,
      });
      expect(await elsewhere).toMatchObject({
        exitCode: 2,
        stderr: expect.stringMatching(/^no builder in namespace default; there (is one|are some) in/),
      });
      expect(await typed("statsu")).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining("unknown verb statsu"),
      });
      expect(await typed("--help")).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining("kubectl powo retry"),
      });
      expect(await typed("status -n kube-system")).toMatchObject({
        exitCode: 2,
        stderr: expect.stringContaining("operators"),
      });
    });
  });
}
