/** The live page of the built program: who can reach it, and a builder that finds its port taken. */
import { createConnection } from "node:net";
import { networkInterfaces } from "node:os";
import { expect, it } from "vitest";
import type { Bench } from "./bench.ts";

const port = 8484;
const others = Object.values(networkInterfaces()).flatMap((all = []) =>
  all.filter(({ internal, family }) => !internal && family === "IPv4").map(({ address }) => address),
);

/** Whether anything listens there. */
const listens = (host: string) =>
  new Promise<boolean>((resolve) => {
    const socket = createConnection({ host, port, timeout: 2_000 }, () => resolve(true));
    socket.on("error", () => resolve(false)).on("timeout", () => resolve(false));
  });

/** A builder that has the port: builders of other test files may hold it for a while. */
async function startServed(world: ReturnType<Bench>) {
  for (;;) {
    const builder = world.startBuilder("run");
    const told = await builder.line(/ page .*(on this machine|not served)/);
    if (told.includes(`(on this machine: http://127.0.0.1:${port})`)) return builder;
    builder.kill();
    await builder.exit;
  }
}

/** Of two builders on one machine, the second finds the port of the first taken. */
export function describeLivePage(bench: Bench, other: Bench): void {
  it("is on 127.0.0.1 alone, and a builder whose port is taken says so in one line and goes on", async () => {
    const first = await startServed(bench());
    await first.line(/await-harvest .*\d+ of 82/);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toContain("· await-harvest ·");
    for (const host of ["127.0.0.2", ...others]) expect(await listens(host), host).toBe(false);
    const second = other().startBuilder("run");
    await second.line(/await-harvest .*\d+ of 82/);
    const told = second.lines.filter((line) => line.includes("EADDRINUSE"));
    expect(told).toEqual([expect.stringMatching(/not served, the run goes on without it/) as string]);
    for (const builder of [second, first]) builder.kill("SIGTERM");
    expect(await Promise.all([first.exit, second.exit])).toEqual([75, 75]);
  });
}
