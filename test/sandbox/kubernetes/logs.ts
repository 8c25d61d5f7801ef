/** `kubectl logs`: what a program printed; of a simulated container the pod's annotation, else a line about the last exit. */
import type { ServerResponse } from "node:http";
import type { LogLine } from "./containers/container-log.ts";
import type { Containers } from "./containers/containers.ts";
import { badRequest } from "./errors.ts";
import type { Store } from "./store.ts";
import type { KubeObject, Loose } from "./types.ts";

const annotation = "simulation.powo.kew.org/logs";

interface LogReply {
  store: Store;
  containers: Containers;
  response: ServerResponse;
}

export function serveLogs(
  { store, containers, response }: LogReply,
  pod: KubeObject,
  query: URLSearchParams,
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
  const program = containers.of(pod);
  const write = printer(query);
  const lines = program?.log.lines ?? simulatedLines(pod, status);
  const tail = query.get("tailLines");
  const shown = tail === null ? lines : lines.slice(Math.max(0, lines.length - Number(tail)));
  response.writeHead(200, { "content-type": "text/plain" });
  // Even where there is nothing yet, so that a follower knows that it is connected.
  response.write(shown.map(write).join(""));
  response.flushHeaders();
  if (query.get("follow") !== "true" || (program ? program.exitCode !== undefined : !status.state?.running)) {
    response.end();
    return;
  }
  if (program) {
    response.on(
      "close",
      program.log.follow((line) => void response.write(write(line))),
    );
    void program.exit.then(() => response.end());
    return;
  }
  const stop = store.onChange(({ object, type }) => {
    if (object.metadata.uid !== pod.metadata.uid) return;
    if (type === "DELETED" || !find(object)?.state?.running) response.end();
  });
  response.on("close", stop);
}

/** A line as it was asked for. */
function printer(query: URLSearchParams): (line: LogLine) => string {
  const stamped = query.get("timestamps") === "true";
  return ({ at, text }) => `${stamped ? `${new Date(at).toISOString()} ` : ""}${text}\n`;
}

function simulatedLines(pod: KubeObject, status: Loose): LogLine[] {
  const at = Date.parse(
    String((status.state?.running ?? status.state?.terminated ?? status.lastState?.terminated)?.startedAt),
  );
  return logText(pod, status)
    .split("\n")
    .slice(0, -1)
    .map((text) => ({ at, text }));
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
