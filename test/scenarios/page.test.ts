/** The live page: whole runs followed over real HTTP by who looks at them, and what a run does without it. */
import { describe, expect, it } from "vitest";
import { metricsOf } from "../../src/adapters/page/metrics.ts";
import { openServer } from "../../src/adapters/page/server.ts";
import { abortRun } from "../../src/operate/abort-run.ts";
import { approveRun } from "../../src/operate/approve-run.ts";
import { rebuild } from "../../src/operate/rebuild.ts";
import { rollBack } from "../../src/operate/roll-back.ts";
import type { Server, World } from "../../src/pipeline/world.ts";
import { renderReport } from "../../src/report/render-report.ts";
import { createFakeWorld, type FakeWorld } from "../fakes/world.ts";
import { expectSound, hour, minute, newRelease, storedRun } from "./seen.ts";

const taken = new Error("listen EADDRINUSE: address already in use 127.0.0.1:8484");

/** The world of a builder that serves as the program does, at any port. */
function serving(world: World) {
  const opened: Server[] = [];
  const serve: World["serve"] = async (run, page) => {
    const pages = {
      "/": async () => ({ type: "text/html", text: renderReport(await page()) }),
      "/metrics": () => metricsOf(run, { environment: "prod", version: world.version }),
    };
    const server = await openServer({ isPublic: false, port: 0, log: world.log(), pages });
    opened.push(server);
    return server;
  };
  const look = async (path = "/") => (await fetch(`${opened.at(-1)?.url}${path}`)).text();
  return { opened, look, world: { ...world, serve } };
}

/** What there is to read on a page. */
const words = (page: string) =>
  page
    .replace(/<style>.*<\/style>/s, "")
    .replaceAll(/<[^>]+>/g, " ")
    .replaceAll(/\s+/g, " ");

async function rebuilt(settings: Record<string, string> = {}): Promise<FakeWorld> {
  const fake = createFakeWorld({ live: {}, settings });
  expect(await fake.builder("builder-1").run()).toEqual({ code: 0 });
  await fake.clock.sleep(24 * hour);
  return fake;
}

/** A second run that has begun to serve. */
async function underWay() {
  const fake = await rebuilt();
  const builder = fake.builder("builder-2");
  const served = serving(builder.world);
  const running = builder.run((_, signal) => rebuild(served.world, signal));
  while (served.opened.length === 0) await fake.clock.sleep(minute);
  return { fake, served, running };
}

/** Looks at the page whenever the run has been saved meanwhile; an answer is good for a second of real time. */
async function follow(
  fake: FakeWorld,
  look: () => Promise<string>,
  hasEnded: () => boolean,
): Promise<string[]> {
  const seen: string[] = [];
  for (let last = ""; !hasEnded();) {
    await fake.clock.sleep(10_000);
    const saved = JSON.stringify(fake.store.run);
    if (saved === last || hasEnded()) continue;
    last = saved;
    await fake.clock.hold(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1_020));
      seen.push(words(await look()));
    });
  }
  return seen;
}

describe("the live page", () => {
  it("shows the steps, how the harvest gets on, what visitors see and what to type, and is gone at the end", async () => {
    const fake = await rebuilt();
    const builder = fake.builder("builder-2");
    const served = serving(builder.world);
    let outcome: unknown;
    const running = builder.run((_, signal) => rebuild(served.world, signal)).then((end) => (outcome = end));
    const seen = await follow(fake, served.look, () => outcome !== undefined);
    await running;
    expect(outcome).toEqual({ code: 0 });
    const { runId, release, previous = [] } = storedRun(fake);
    for (const page of seen) expect(page).toContain(`run ${runId} ${release} Running`);
    for (const step of ["wait-for-pods", "await-harvest", "swap-dns"])
      expect(
        seen.some((page) => new RegExp(`step \\d of 8 · ${step}`).test(page)),
        step,
      ).toBe(true);
    const ended = seen.flatMap(
      (page) => /await-harvest · (\d+) of 4 · expected \w{3} \d/.exec(page)?.[1] ?? [],
    );
    expect(ended.map(Number)).toEqual(ended.map(Number).toSorted((one, other) => one - other));
    expect(new Set(ended).size).toBeGreaterThan(2);
    expect(seen.join("\n")).toMatch(
      /until \w{3} [\d:]{5} UTC for resolvers to forget the old addresses; until \w{3} [\d:]{5} UTC, or longer/,
    );
    expect(seen.join("\n")).toMatch(/now .{3,80} · running \d+m( \d+s)? \(usually \d+m( \d+s)?\)/);
    const [before, after] = [`live ${previous[0]} · since`, `live ${release} `];
    const isAfter = seen.map((page) => page.includes(after));
    expect(seen.every((page, index) => page.includes(before) !== isAfter[index])).toBe(true);
    expect(isAfter).toEqual(isAfter.toSorted());
    expect(isAfter).toContain(true);
    for (const page of seen) {
      const command = page.includes(after) ? "rollback" : "abort";
      expect(page).toContain(`${command} kubectl powo ${command} -n ${builder.world.builderNamespace}`);
    }
    await expect(served.look()).rejects.toThrow();
    expectSound(fake);
  });

  it("says how to approve a run that waits", async () => {
    const fake = await rebuilt();
    const waiting = fake.builder("builder-2", { settings: { APPROVAL: "manual", RETAIN_PREVIOUS: "48h" } });
    const served = serving(waiting.world);
    const running = waiting.run((_, signal) => rebuild(served.world, signal));
    while (storedRun(fake).phase !== "waiting-approval") await fake.clock.sleep(minute);
    const page = words(await fake.clock.hold(() => served.look()));
    expect(page).toContain(`approve kubectl powo approve -n ${waiting.world.builderNamespace}`);
    expect(page).toContain("Waiting for approval");
    expect(page).toMatch(/waits for approval until \d+ \w{3} \d\d:\d\d UTC, then the run fails/);
    expect(page).toContain(`abort kubectl powo abort -n ${waiting.world.builderNamespace}`);
    expect(page).not.toContain("waiting-approval");
    expect(page).toMatch(/taxa with images [\d,]+ [\d,]+/);
    await fake.builder("approve-1").run(async (world, signal) => {
      await approveRun(world, "ada", signal);
      return 0;
    });
    expect(await running).toEqual({ code: 0 });
  });

  it.each(["abort", "rollback"] as const)("is served while %s works, and says what it does", async (verb) => {
    const fake = await rebuilt({ RETAIN_PREVIOUS: "48h" });
    if (verb === "abort") {
      const builder = fake.builder("builder-2");
      const ended = builder.run();
      const isHarvesting = () =>
        storedRun(fake).phase === "running" && storedRun(fake).harvest?.[0]?.ended === 1;
      while (!isHarvesting()) await fake.clock.sleep(10_000);
      builder.kill();
      await ended;
    }
    const pages: string[] = [];
    const operator = fake.builder(`${verb}-1`);
    const serve: World["serve"] = async (_, page) => {
      pages.push(words(renderReport(await page())));
      return { url: "http://127.0.0.1:1", close: async () => undefined };
    };
    await operator.run(async (world, signal) => {
      if (verb === "abort") await abortRun({ ...world, serve }, signal);
      else await rollBack({ ...world, serve }, signal);
      return 0;
    });
    const doing = verb === "abort" ? /now removing prod-/ : /now pointing the public names back at prod-/;
    expect(pages).toEqual([expect.stringMatching(doing) as string]);
    expect(pages[0]).not.toMatch(/kubectl powo|kubectl create/);
  });

  it("says that it can't tell what is live while Cloud DNS is away, and leaves the log alone", async () => {
    const { fake, served, running } = await underWay();
    for (const zone of fake.zones.values()) zone.denied = "everything";
    const lines = fake.lines.length;
    const page = words(await fake.clock.hold(() => served.look()));
    expect(page).toMatch(/live unknown: zone site: The caller does not have permission/);
    expect(page).toContain(newRelease(fake));
    expect(fake.lines).toHaveLength(lines);
    for (const zone of fake.zones.values()) zone.denied = false;
    expect(await running).toEqual({ code: 0 });
  });

  it("has the metrics beside it, of the run as it was last saved", async () => {
    const { fake, served, running } = await underWay();
    while ((storedRun(fake).harvest?.[0]?.ended ?? 0) < 2) await fake.clock.sleep(minute);
    const text = await fake.clock.hold(() => served.look("/metrics"));
    const { ended, jobs } = storedRun(fake).harvest?.[0] ?? {};
    expect(text).toContain(`powo_builder_harvest_jobs_ended{list="1",environment="prod"} ${ended}\n`);
    expect(text).toContain(`powo_builder_harvest_jobs{list="1",environment="prod"} ${jobs}\n`);
    expect(text).toContain('powo_builder_step{step="await-harvest",environment="prod"} 1\n');
    expect(text).toContain(
      'powo_builder_step_results_total{step="load-data",result="done",environment="prod"} 1\n',
    );
    expect(text).toContain('powo_builder_last_runs{outcome="succeeded",environment="prod"} 1\n');
    expect(await running).toEqual({ code: 0 });
  });

  it("is told of in one line, and costs a run that nobody looks at no call", async () => {
    const plain = createFakeWorld({ live: {} });
    await plain.builder("builder-1").run();
    const fake = createFakeWorld({ live: {} });
    const builder = fake.builder("builder-1");
    const served = serving(builder.world);
    expect(await builder.run((_, signal) => rebuild(served.world, signal))).toEqual({ code: 0 });
    const told = fake.lines.filter(({ message }) => message.includes("kubectl powo open"));
    expect(told.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^kubectl powo open -n \S+ +\(on this machine: http:\/\/127\.0\.0\.1:\d+\)$/,
      ) as string,
    ]);
    expect(fake.history.map(({ name }) => name)).toEqual(plain.history.map(({ name }) => name));
  });

  it.each([
    [{}, "info", /^not served, the run goes on without it: listen EADDRINUSE.*8484$/],
    [{ METRICS_PORT: "9090" }, "warn", /^no metrics on port 9090: listen EADDRINUSE/],
  ] as const)("whose port is taken is done without: one line (%j)", async (settings, level, line) => {
    const fake = createFakeWorld({ live: {}, settings });
    const builder = fake.builder("builder-1");
    const serve = async () => Promise.reject(taken);
    expect(await builder.run((world, signal) => rebuild({ ...world, serve }, signal))).toEqual({ code: 0 });
    const told = fake.lines.filter(({ message }) => message.includes("EADDRINUSE"));
    expect(told).toMatchObject([{ level, message: expect.stringMatching(line) as string }]);
    expectSound(fake);
  });
});
