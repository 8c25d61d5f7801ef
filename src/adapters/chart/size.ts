/** Keeps what is fetched from filling the disk. */
import { lstat, readdir } from "node:fs/promises";
import path from "node:path";
import { ConfigError } from "../../errors.ts";

export const maxBytes = 200 * 1024 * 1024;
const checkEveryMs = 500;

export function tooLarge(): ConfigError {
  return new ConfigError([
    {
      where: "CHART_SOURCE",
      what: "holds more than 200 MiB; name the repository or folder of the chart alone",
    },
  ]);
}

/** Does some work that fills `dir`, and ends it with a ConfigError when that grows beyond 200 MiB. */
export async function bounded<T>(
  dir: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  limit = maxBytes,
): Promise<T> {
  const overflow = new AbortController();
  const check = async () => {
    if ((await sizeOf(dir)) > limit) overflow.abort(tooLarge());
  };
  const timer = setInterval(() => void check(), checkEveryMs);
  try {
    const result = await work(AbortSignal.any([signal, overflow.signal]));
    await check();
    overflow.signal.throwIfAborted();
    return result;
  } finally {
    clearInterval(timer);
  }
}

/** Bytes of all files below a folder; files that come and go meanwhile count as they are met. */
async function sizeOf(dir: string): Promise<number> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const stats = await lstat(path.join(entry.parentPath, entry.name)).catch(() => undefined);
    bytes += stats?.size ?? 0;
  }
  return bytes;
}
