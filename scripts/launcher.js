/**
 * What is started: runs the bundle beside it, on the project's own Node where this one is too old.
 * scripts/build.ts puts it into dist/ with a line on top that makes it a shell script as well.
 */
import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import module from "node:module";
import path from "node:path";
import v8 from "node:v8";

const oldest = [22, 19];
const modules = path.join(import.meta.dirname, "..", "node_modules");

function isOld([major, minor] = process.versions.node.split(".").map(Number)) {
  return major < oldest[0] || (major === oldest[0] && minor < oldest[1]);
}

/** Runs the program on the project's own Node and takes its place: signals go down, the exit code comes up. */
function relaunch() {
  const node = path.join(modules, "node", "bin", "node");
  try {
    accessSync(node, constants.X_OK);
  } catch {
    process.stderr.write(
      `powo-builder needs Node ${oldest.join(".")} or newer, this is ${process.version}; install one, or run npm ci in its folder\n`,
    );
    process.exit(2);
  }
  const child = spawn(node, [...process.execArgv, ...process.argv.slice(1)], {
    // A channel that breaks when this process is killed without a word.
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, POWO_LAUNCHED: "1" },
    // Out of the terminal's group: Ctrl-C would reach it twice.
    detached: true,
  });
  const signals = ["SIGTERM", "SIGINT", "SIGHUP"];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`${node} can't be run: ${error.message}\n`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    for (const forwarded of signals) process.removeAllListeners(forwarded);
    process.kill(process.pid, signal);
  });
}

/** Ends with the launcher: nobody is left to stop this process when that one was killed. */
function followLauncher() {
  delete process.env.POWO_LAUNCHED;
  const die = () => process.kill(process.pid, "SIGKILL");
  if (!process.connected) die();
  process.on("disconnect", die);
  process.channel?.unref();
}

/**
 * A builder waits for hours and computes for seconds: compilers cost it 20 MB and gain it nothing, and garbage is
 * better collected early than given room.
 */
function saveMemory() {
  const flags = [
    "--no-opt",
    "--no-maglev",
    "--no-sparkplug",
    "--optimize-for-size",
    "--semi-space-growth-factor=1",
  ];
  for (const flag of flags) v8.setFlagsFromString(flag);
}

if (isOld()) relaunch();
else {
  saveMemory();
  if (process.env.POWO_LAUNCHED) followLauncher();
  // A quarter less to do before a verb that talks to the cluster; where it can't be written, nothing happens.
  module.enableCompileCache(path.join(modules, ".cache", "powo-builder"));
  await import("./main.js");
}
