/**
 * A machine that has run out of something, met by the program as it is shipped: a disk that is full or read-only (a tmpfs in a
 * mount namespace of its own), no file handles left (ulimit). No processes and no memory are played in
 * unit/adapters/process/run-program: root has no limit on processes, and without memory Node itself ends.
 */
import { mkdtemp } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { startBuilderProcess } from "../sandbox/world/builder-process.ts";
import { readStored, useWorld } from "./program/bench.ts";
import { expectGoodEnd } from "./program/kill-and-resume.ts";

/** A namespace of mounts; of users as well, where this is not root. */
const apart = ["unshare", "--mount", ...(process.getuid?.() === 0 ? [] : ["--map-root-user"]), "sh", "-c"];
const tmpfs = (options: string, then = "") =>
  [...apart, `mount -t tmpfs -o ${options} tmpfs "$TMPDIR" && { ${then} exec "$@"; }`, "sh"] as const;
const fill = 'head -c 1000000 /dev/zero >"$TMPDIR/full" 2>/dev/null;';

const shortages: [string, RegExp, readonly string[]][] = [
  ["a read-only disk", /the disk is read-only/, tmpfs("ro")],
  ["a full disk", /no space is left on the disk|No space left on device/i, tmpfs("size=64k", fill)],
  ["a disk without inodes", /no space is left on the disk|No space left on device/i, tmpfs("nr_inodes=3")],
  [
    "no file handles",
    /no more files can be opened|EMFILE|Too many open files/i,
    ["sh", "-c", 'ulimit -n 24; exec "$@"', "sh"],
  ],
];

describe("a builder on a machine with", () => {
  const bench = useWorld();

  it.each(shortages)("%s ends with 75, in words", async (_, words, wrapped) => {
    const world = bench();
    const env = world.env({ TMPDIR: await mkdtemp(path.join(world.dir, "tmp-")), RETRY_TIMEOUT: "2s" });
    const builder = startBuilderProcess({
      program: world.program,
      wrap: (command) => [...wrapped, ...command] as [string, ...string[]],
      args: ["run"],
      env,
    });
    expect(await builder.exit, builder.output()).toBe(75);
    expect(builder.output()).toMatch(words);
    expect(builder.output()).not.toMatch(/a bug|^ +at .*:\d+/m);
    expect(await world.releases()).toEqual([world.liveRelease]);
  });

  it("enough of everything again goes on with the same run, to its end", async () => {
    const { run } = await readStored(bench());
    expect(run.phase).toBe("interrupted");
    const builder = bench().startBuilder("run");
    expect(await builder.exit, builder.output()).toBe(0);
    expect((await readStored(bench())).run.runId).toBe(run.runId);
    await expectGoodEnd(bench());
  });
});
