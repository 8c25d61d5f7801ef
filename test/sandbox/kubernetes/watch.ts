/** Watches: replay, live changes, bookmarks, and the end of a history that is too old. */
import type { ServerResponse } from "node:http";
import { gone } from "./errors.ts";
import type { ResourceRequest } from "./request.ts";
import { storageId } from "./resources.ts";
import type { Predicate } from "./selectors.ts";
import type { Change, Store } from "./store.ts";
import { show } from "./views.ts";
import type { View } from "./views.ts";

const bookmarkEveryMs = 30_000;

/** Streams changes until the client leaves or its time is up. */
export function serveWatch(
  store: Store,
  request: ResourceRequest,
  matches: Predicate,
  view: View,
  response: ServerResponse,
): void {
  const { type, query, namespace } = request;
  const from = query.get("resourceVersion") ?? "";
  const sendInitial = query.get("sendInitialEvents") === "true";
  const bookmarks = query.get("allowWatchBookmarks") === "true";
  response.writeHead(200, { "content-type": "application/json", "cache-control": "no-cache, private" });
  response.flushHeaders();

  const send = (kind: string, object: object): void => {
    if (!response.writableEnded) response.write(`${JSON.stringify({ type: kind, object })}\n`);
  };
  const bookmark = (annotations?: Record<string, string>): void => {
    const metadata = {
      resourceVersion: String(store.revision),
      creationTimestamp: null,
      ...(annotations ? { annotations } : {}),
    };
    send("BOOKMARK", { kind: type.kind, apiVersion: type.apiVersion, metadata });
  };
  const wanted: Predicate = (object) =>
    (!namespace || object.metadata.namespace === namespace) && matches(object);
  const includeObject = query.get("includeObject") ?? "Metadata";
  const tell = (change: Change): void => {
    if (change.resource !== storageId(type)) return;
    const kind = seenAs(change, wanted);
    if (kind) send(kind, show(type, change.object, view, includeObject));
  };

  const fresh = from === "" || from === "0" || sendInitial;
  const missed = fresh ? [] : store.since(Number(from));
  if (!missed) {
    send("ERROR", gone(from, store.floor).status);
    response.end();
    return;
  }
  if (fresh && query.get("sendInitialEvents") !== "false") {
    for (const object of store.list(type.id, namespace).filter(wanted))
      send("ADDED", show(type, object, view, includeObject));
    if (sendInitial) bookmark({ "k8s.io/initial-events-end": "true" });
  }
  missed.forEach(tell);
  const stop = store.onChange(tell);
  const timers = [setInterval(() => bookmarks && bookmark(), bookmarkEveryMs)];
  const seconds = Number(query.get("timeoutSeconds") ?? 0);
  if (seconds > 0) timers.push(setTimeout(() => response.end(), seconds * 1000));
  response.on("close", () => {
    stop();
    timers.forEach(clearTimeout);
  });
}

/** An object that begins or ceases to match a selector appears or disappears for its watcher. */
function seenAs({ type, object, previous }: Change, wanted: Predicate): Change["type"] | undefined {
  const before = previous !== undefined && wanted(previous);
  if (type === "DELETED") return before || wanted(object) ? "DELETED" : undefined;
  const now = wanted(object);
  if (now) return before ? "MODIFIED" : "ADDED";
  return before ? "DELETED" : undefined;
}
