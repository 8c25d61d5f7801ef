/** What a program printed, line by line, as a container's runtime keeps it. */
import type { Readable } from "node:stream";

export interface LogLine {
  /** Milliseconds since the epoch. */
  at: number;
  text: string;
}

export class ContainerLog {
  readonly lines: LogLine[] = [];
  readonly #listeners = new Set<(line: LogLine) => void>();

  /** Takes in one of the program's streams; what has no line break at its end is a line as well. */
  read(stream: Readable): void {
    let unfinished = "";
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      const parts = `${unfinished}${chunk}`.split("\n");
      unfinished = parts.pop() ?? "";
      for (const text of parts) this.#add(text);
    });
    stream.on("end", () => unfinished !== "" && this.#add(unfinished));
  }

  /** Calls back for every line to come; returns how to stop that. */
  follow(listener: (line: LogLine) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #add(text: string): void {
    const line = { at: Date.now(), text };
    this.lines.push(line);
    for (const listener of this.#listeners) listener(line);
  }
}
