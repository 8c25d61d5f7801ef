/** A stand-in for helm or git that writes down how it was started. */
import { chmod, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

interface Recorded {
  args: string[];
  env: Record<string, string>;
}

export interface RecordingProgram {
  file: string;
  /** Every start, in order. */
  calls(): Promise<Recorded[]>;
}

/** Writes a program into `dir`; `then` is shell that runs after the recording, with the arguments in `$@`. */
export async function createRecordingProgram(dir: string, then = "exit 0"): Promise<RecordingProgram> {
  const file = path.join(dir, "program");
  const record = path.join(dir, "record");
  // What everybody on the machine can read, as the kernel shows it.
  const script = `#!/bin/sh
{ tr '\\0' '\\037' </proc/$$/cmdline; printf '\\036'; tr '\\0' '\\037' </proc/$$/environ; printf '\\035'; } >>'${record}'
${then}
`;
  await writeFile(file, script);
  await chmod(file, 0o755);
  return {
    file,
    async calls() {
      const text = await readFile(record, "utf8").catch(() => "");
      return text
        .split("\x1d")
        .slice(0, -1)
        .map((call) => {
          const [cmdline = "", environ = ""] = call.split("\x1e");
          const words = (part: string) => part.split("\x1f").slice(0, -1);
          const pairs = words(environ).map((entry): [string, string] => {
            const at = entry.indexOf("=");
            return [entry.slice(0, at), entry.slice(at + 1)];
          });
          // Before the arguments: the shell and the script.
          return { args: words(cmdline).slice(2), env: Object.fromEntries(pairs) };
        });
    },
  };
}
