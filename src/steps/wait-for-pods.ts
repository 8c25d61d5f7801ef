/** Waits until the release's pods, volumes and load balancer addresses are there; fails early where waiting can't help. */
import { describeCulprit, describeUnready } from "../actions/describe-release.ts";
import { requireAdmitted, waitUntilReady } from "../actions/probe-site.ts";
import type { Culprit } from "../domain/readiness.ts";
import { PermanentError } from "../errors.ts";
import type { Run } from "../pipeline/run.ts";
import { done, type Step } from "../pipeline/step.ts";

/** How long a bad image or configuration must be seen before it counts: registries have bad minutes. */
const maxGraceMs = 60_000;

export const waitForPods: Step = {
  name: "wait-for-pods",
  summary: "Wait for pods, volumes and addresses",
  refusals: "verdict",
  async run(run) {
    const { settings, clock, state } = run;
    const { release } = state;
    const graceMs = Math.min(maxGraceMs, settings.podsTimeoutMs / 10);
    const firstSeen = new Map<string, number>();
    const addresses = await waitUntilReady(run, release, {
      code: "PODS_TIMEOUT",
      timeoutMs: settings.podsTimeoutMs,
      hint: `look:  kubectl get pods,pvc,services -n ${release}`,
      explain: () =>
        describeUnready(run).catch(() => {
          run.signal.throwIfAborted();
          return [];
        }),
      judge: async ({ culprits }) => {
        const hopeless = findHopeless(culprits, firstSeen, { now: clock.monotonic(), graceMs });
        if (hopeless) throw await failure(run, hopeless);
      },
    });
    await requireAdmitted(run, release);
    const services = [...new Set(settings.mappings.map(({ service }) => service))];
    return done(services.map((service) => `${service} ${addresses[service] ?? ""}`).join(", "));
  },
};

/** The first culprit that is beyond doubt: a crash loop, or trouble that has lasted for the whole grace time. */
function findHopeless(
  culprits: readonly Culprit[],
  firstSeen: Map<string, number>,
  { now, graceMs }: { now: number; graceMs: number },
): Culprit | undefined {
  const keyOf = ({ pod, container }: Culprit) => `${pod}/${container}`;
  const keys = new Set(culprits.map(keyOf));
  for (const key of firstSeen.keys()) if (!keys.has(key)) firstSeen.delete(key);
  return culprits.find((culprit) => {
    const since = firstSeen.get(keyOf(culprit)) ?? now;
    firstSeen.set(keyOf(culprit), since);
    return culprit.certain || now - since >= graceMs;
  });
}

async function failure(run: Run, culprit: Culprit): Promise<PermanentError> {
  const { component, pod, container, reason } = culprit;
  const { release } = run.state;
  const message = `${component} can't start: ${reason} (pod ${pod}, container ${container})`;
  return new PermanentError("PODS_FAILED", message, {
    details: await describeCulprit(run, culprit),
    hint: `look:  kubectl describe pod -n ${release} ${pod}`,
  });
}
