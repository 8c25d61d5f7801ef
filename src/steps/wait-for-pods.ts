/** Waits until the release's pods, volumes and load balancer addresses are there; fails early where waiting can't help. */
import type { Settings } from "../config/settings.ts";
import { type Culprit, findUnready, isAllReady, judgeReadiness, readinessText } from "../domain/readiness.ts";
import type { RunState } from "../domain/run-state.ts";
import { PermanentError } from "../errors.ts";
import { done, type Step } from "../pipeline/step.ts";
import { waitFor } from "../pipeline/wait.ts";
import type { Ports } from "../ports/index.ts";

type Needs = Pick<Ports, "cluster">;

const pollMs = 3_000;
/** How long a bad image or configuration must be seen before it counts: registries have bad minutes. */
const longestGraceMs = 60_000;
const logLines = 8;
/** How much is told of pods that were not ready in time. */
const mostExplained = 5;
const mostEvents = 2;
const longestLine = 300;

export const waitForPods = (settings: Settings): Step<Needs, RunState> => ({
  name: "wait-for-pods",
  summary: "Wait for pods, volumes and addresses",
  async run({ cluster }, state, context) {
    const { release } = state;
    const mapped = settings.mappings.map(({ service }) => service);
    const graceMs = Math.min(longestGraceMs, settings.podsTimeoutMs / 10);
    const firstSeen = new Map<string, number>();
    const addresses = await waitFor(
      {
        code: "PODS_TIMEOUT",
        what: `${release} becoming ready`,
        intervalMs: Math.min(pollMs, settings.podsTimeoutMs / 20),
        deadline: context.clock.now() + settings.podsTimeoutMs,
        hint: `look:  kubectl get pods,pvc,services -n ${release}`,
        explain: () =>
          explainUnready(cluster, release).catch(() => {
            context.signal.throwIfAborted();
            return [];
          }),
        look: async () => {
          const view = judgeReadiness(await cluster.observe(release), mapped);
          if (isAllReady(view)) return { done: view.addresses };
          const hopeless = findHopeless(view.culprits, firstSeen, context.clock.now(), graceMs);
          if (hopeless) throw await explain(cluster, release, hopeless);
          return { seen: readinessText(view) };
        },
      },
      context,
    );
    const text = [...new Set(mapped)].map((service) => `${service} ${addresses[service] ?? ""}`).join(", ");
    return done(text, { addresses });
  },
});

/** What keeps each pod that is not ready: the reason, its last warnings, its last log lines. What can't be read is missing. */
async function explainUnready(cluster: Needs["cluster"], release: string): Promise<string[]> {
  const nothing = (): string[] => [];
  const unready = findUnready(await cluster.observe(release));
  const told = await Promise.all(
    unready.slice(0, mostExplained).map(async ({ component, pod, reason, containers }) => {
      if (pod === undefined) return [`${component}: ${reason}`];
      const [container] = containers;
      const [events, lines] = await Promise.all([
        cluster.warnings(release, pod).catch(nothing),
        container === undefined ? [] : cluster.logs(release, pod, container, logLines).catch(nothing),
      ]);
      return [
        `${component}: ${reason} (pod ${pod})`,
        ...events.slice(-mostEvents).map((line) => `  ${line}`),
        ...lines.map((line) => `  ${container ?? ""}: ${line}`),
      ];
    }),
  );
  // Where a quota or an admission policy refuses the pods, only their controllers' events say so.
  const isWithout = unready.some(({ pod }) => pod === undefined);
  const events = isWithout ? await cluster.warnings(release).catch(nothing) : [];
  const more = unready.length - mostExplained;
  return [
    ...told.flat(),
    ...(more > 0 ? [`and ${more} more that are not ready`] : []),
    ...events.slice(-mostExplained),
  ].map((line) => (line.length > longestLine ? `${line.slice(0, longestLine - 1)}…` : line));
}

/** The first culprit that is beyond doubt: a crash loop, or trouble that has lasted for the whole grace time. */
function findHopeless(
  culprits: readonly Culprit[],
  firstSeen: Map<string, number>,
  now: number,
  graceMs: number,
): Culprit | undefined {
  const keys = new Set(culprits.map(({ pod, container }) => `${pod}/${container}`));
  for (const key of firstSeen.keys()) if (!keys.has(key)) firstSeen.delete(key);
  return culprits.find(({ pod, container, certain }) => {
    const key = `${pod}/${container}`;
    const since = firstSeen.get(key) ?? now;
    firstSeen.set(key, since);
    return certain || now - since >= graceMs;
  });
}

/** The error that names the culprit, with its last events and log lines. */
async function explain(
  cluster: Needs["cluster"],
  release: string,
  { component, pod, container, reason, message }: Culprit,
): Promise<PermanentError> {
  const nothing = (): string[] => [];
  const [events, lines] = await Promise.all([
    cluster.warnings(release, pod).catch(nothing),
    cluster.logs(release, pod, container, logLines).catch(nothing),
  ]);
  const details = [
    ...(message ? [message] : []),
    ...events.slice(-3),
    ...lines.map((line) => `${container}: ${line}`),
  ];
  return new PermanentError(
    "PODS_FAILED",
    `${component} can't start: ${reason} (pod ${pod}, container ${container})`,
    {
      details,
      hint: `look:  kubectl describe pod -n ${release} ${pod}`,
    },
  );
}
