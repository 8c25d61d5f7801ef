const longestMs = 60 * 60 * 1000;

/** Milliseconds that a Retry-After header asks for (seconds, or a date), at most an hour. */
export function retryAfterMs(header: unknown, nowMs = Date.now()): number | undefined {
  if (typeof header !== "string") return undefined;
  const text = header.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), longestMs);
}
