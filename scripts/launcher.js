#!/bin/sh
":" //; self=$(readlink -f -- "$0" 2>/dev/null || printf %s "$0"); node="${self%/*}/../node_modules/.bin/node"; flag=--disable-sigusr1; [ -x "$node" ] || { node=node; flag=; }; exec "$node" $flag "$self" "$@"
/**
 * The `bin` of package.json: runs main.js beside it on the project's own Node, or on that of PATH where it is new enough.
 * Started as a program it is a shell script that becomes that Node; to Node the second line is a string and a comment. The
 * image needs none of this and runs main.js.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const oldest = 24;
const noInspector = "--disable-sigusr1";
// Without the option, which an old Node refuses, SIGUSR1 opens an inspector: whoever may send it could run code in here.
if (!process.execArgv.includes(noInspector)) process.on("SIGUSR1", () => undefined);

/** For `node powo-builder.js` on an old Node. Stands in for the program: signals go down, the exit code comes up. */
function relaunch() {
  const node = fileURLToPath(new URL("../node_modules/.bin/node", import.meta.url));
  const child = spawn(node, [noInspector, ...process.execArgv, ...process.argv.slice(1)], {
    // A channel that breaks when this process is killed without a word.
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, POWO_LAUNCHED: "1" },
    // Out of the terminal's group: Ctrl-C would reach it twice.
    detached: true,
  });
  const signals = ["SIGTERM", "SIGINT", "SIGHUP"];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on("error", () => {
    process.stderr.write(
      `powo-builder needs Node ${oldest} or newer, this is ${process.version}; install one, or run npm ci in its folder\n`,
    );
    process.exit(2);
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

if (Number.parseInt(process.versions.node, 10) < oldest) relaunch();
else {
  if (process.env.POWO_LAUNCHED) followLauncher();
  await import("./main.js");
}
