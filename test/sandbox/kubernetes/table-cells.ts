/** What stands in the cells of tables, in the words of kubectl. */
import type { KubeObject, Loose } from "./types.ts";

export const text = (value: Loose, fallback = "<none>"): string =>
  value === undefined || value === null || value === "" ? fallback : String(value);

/** Durations as kubectl writes them: `45s`, `3m20s`, `5h`, `12d`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 ? `${minutes}m${seconds % 60}s` : `${minutes}m`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

export const since = (time: Loose): string =>
  time ? duration(Date.now() - Date.parse(String(time))) : "<unknown>";

export const condition = (status: Loose, type: string): string | undefined =>
  (status?.conditions as Loose[] | undefined)?.find((item) => item.type === type)?.status as
    string | undefined;

export function podStatus({ metadata, status, spec }: KubeObject): string {
  const inits = (status?.initContainerStatuses ?? []) as Loose[];
  const unfinished = inits.findIndex((item) => item.state?.terminated?.exitCode !== 0 && !item.ready);
  let shown = text(status?.reason ?? status?.phase);
  if (unfinished !== -1 && !status?.reason && spec.nodeName) {
    shown = `Init:${unfinished}/${inits.length}`;
  } else {
    const state = ((status?.containerStatuses ?? []) as Loose[])
      .map((item) => item.state)
      .find((item) => item?.waiting ?? item?.terminated);
    shown = text(state?.waiting?.reason ?? state?.terminated?.reason, shown);
  }
  return metadata.deletionTimestamp ? "Terminating" : shown;
}
