/** `kubectl logs`: text from the pod's annotation, else a line about the last exit. */
import type { ServerResponse } from "node:http";
import { badRequest } from "./errors.ts";
import type { Store } from "./store.ts";
import type { KubeObject, Loose } from "./types.ts";

const annotation = "simulation.powo.kew.org/logs";

export function serveLogs(
  store: Store,
  pod: KubeObject,
  query: URLSearchParams,
  response: ServerResponse,
): void {
  const container = chooseContainer(pod, query.get("container"));
  const find = (of: KubeObject | undefined): Loose =>
    (
      [...(of?.status?.initContainerStatuses ?? []), ...(of?.status?.containerStatuses ?? [])] as Loose[]
    ).find((item) => item.name === container);
  const status = find(pod);
  if (!status || (status.state?.waiting && !status.lastState?.terminated)) {
    throw badRequest(`container "${container}" in pod "${pod.metadata.name}" is waiting to start`);
  }
  const lines = logText(pod, status).split("\n").slice(0, -1);
  const tail = query.get("tailLines");
  const shown = tail === null ? lines : lines.slice(Math.max(0, lines.length - Number(tail)));
  response.writeHead(200, { "content-type": "text/plain" });
  response.write(shown.map((line) => `${line}\n`).join(""));
  if (query.get("follow") !== "true" || !status.state?.running) {
    response.end();
    return;
  }
  const stop = store.onChange(({ object, type }) => {
    if (object.metadata.uid !== pod.metadata.uid) return;
    if (type === "DELETED" || !find(object)?.state?.running) response.end();
  });
  response.on("close", stop);
}

function chooseContainer(pod: KubeObject, asked: string | null): string {
  const names = ([...(pod.spec.initContainers ?? []), ...pod.spec.containers] as Loose[]).map((item) =>
    String(item.name),
  );
  const main = (pod.spec.containers as Loose[]).map((item) => String(item.name));
  if (asked === null && main.length > 1) {
    throw badRequest(
      `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${main.join(" ")}]`,
    );
  }
  const chosen = asked ?? main[0]!;
  if (!names.includes(chosen))
    throw badRequest(`container ${chosen} is not valid for pod ${pod.metadata.name}`);
  return chosen;
}

function logText(pod: KubeObject, status: Loose): string {
  const own = pod.metadata.annotations?.[annotation];
  if (own) return `${own}\n`;
  const exit = status.state?.terminated ?? status.lastState?.terminated;
  const last = exit?.exitCode ? `fatal: exit status ${String(exit.exitCode)} (${String(exit.reason)})\n` : "";
  return `simulated container ${String(status.name)} of ${String(status.image)}\n${last}`;
}
