/** Milliseconds that a Retry-After header asks for (seconds, or a date), unbounded; undefined for anything else. */
export function retryAfterMs(header: unknown, nowMs = Date.now()): number | undefined {
  if (typeof header !== "string") return undefined;
  const text = header.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? undefined : ms;
}
