const keptBytes = 16 * 1024;
const keptLines = 20;

/** Keeps the end of a stream of any length: enough to say why a program failed. */
export function createTail(): { push(chunk: Uint8Array): void; lines(): string[] } {
  let kept = Buffer.alloc(0);
  return {
    push(chunk) {
      kept = Buffer.concat([kept, chunk]).subarray(-keptBytes);
    },
    lines() {
      return kept
        .toString("utf8")
        .split(/\r?\n|\r/)
        .map((line) => line.trimEnd())
        .filter((line) => line !== "")
        .slice(-keptLines);
    },
  };
}
