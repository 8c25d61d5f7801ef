/** Writing that is done when the call returns, so that nothing is lost when the process ends. */
import { writeSync } from "node:fs";

const pauseMs = 5;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of the text to a file descriptor; waits for a slow reader, and drops the text if none is left, or no room. */
export function writeFully(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(fd, bytes, written);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      // A pipe that is full and not blocking: the reader needs a moment.
      if (code === "EAGAIN") Atomics.wait(sleeper, 0, 0, pauseMs);
      else if (/^(EPIPE|EBADF|EIO|ENOSPC|EDQUOT)$/.test(String(code))) return;
      else throw error;
    }
  }
}
