/** What the demo needs of a machine, told before anything is started. */
import { spawnSync } from "node:child_process";

/** Why the demo can't run here, and what to do about it; undefined when it can. */
export function whyNotHere(): string | undefined {
  const { platform, arch } = process;
  if (platform !== "linux" || arch !== "x64")
    return `the real Helm that comes along is for Linux on x86-64, and this is ${platform} on ${arch}; use a container or a virtual machine`;
  if (spawnSync("git", ["--version"]).status !== 0)
    return "git is missing; install it, the chart comes from a repository";
  return undefined;
}
