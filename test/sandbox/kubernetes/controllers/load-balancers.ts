/** Services of type LoadBalancer get an address some time after the first pod behind them is ready. */
import { mapMatches } from "../selectors.ts";
import type { Store } from "../store.ts";
import type { KubeObject } from "../types.ts";
import { isTerminating } from "./loop.ts";
import type { Controller, World } from "./loop.ts";
import { isReady } from "./pod-template.ts";
import { record } from "./recorder.ts";
import { behaviourOf } from "./rules.ts";

const cleanup = "service.kubernetes.io/load-balancer-cleanup";
const component = "service-controller";

/** Addresses are never given twice: what used one of a deleted Service would go unnoticed. */
export function createLoadBalancers(): Controller {
  const readySince = new Map<string, number>();
  let given = 0;
  const nextAddress = (): string => {
    given += 1;
    return given <= 254
      ? `203.0.113.${given}`
      : `198.51.${100 + Math.floor((given - 255) / 254)}.${((given - 255) % 254) + 1}`;
  };
  return {
    kind: "Service",
    concerns: servicesOf,
    reconcile(world, service) {
      const wanted = service.spec.type === "LoadBalancer" && !isTerminating(service);
      const held = service.metadata.finalizers?.includes(cleanup) ?? false;
      if (!wanted) {
        if (held) release(world, service);
        readySince.delete(service.metadata.uid);
        return undefined;
      }
      if (service.status?.loadBalancer?.ingress?.length) return undefined;
      if (!held) ensure(world, service);
      if (behaviourOf(world.rules(), service).name === "no-load-balancer") {
        const message =
          "Error syncing load balancer: failed to ensure load balancer: quota 'IN_USE_ADDRESSES' exceeded";
        record(world, component, service, { type: "Warning", reason: "SyncLoadBalancerFailed", message });
        return 30_000;
      }
      const pods = world.store.list("Pod", service.metadata.namespace);
      if (!pods.some((pod) => mapMatches(service.spec.selector, pod) && isReady(pod))) {
        readySince.delete(service.metadata.uid);
        return undefined;
      }
      const since = readySince.get(service.metadata.uid) ?? Date.now();
      readySince.set(service.metadata.uid, since);
      const left = world.rules().loadBalancerMs - (Date.now() - since);
      if (left > 0) return left;
      const ip = String(service.spec.loadBalancerIP ?? "") || nextAddress();
      world.registry.edit(
        "Service",
        service,
        (draft) => (draft.status = { loadBalancer: { ingress: [{ ip, ipMode: "VIP" }] } }),
      );
      record(world, component, service, {
        type: "Normal",
        reason: "EnsuredLoadBalancer",
        message: "Ensured load balancer",
      });
      return undefined;
    },
  };
}

const servicesOf = (changed: KubeObject, store: Store): KubeObject[] =>
  changed.kind === "Pod"
    ? store
        .list("Service", changed.metadata.namespace)
        .filter(({ spec }) => spec.type === "LoadBalancer" && mapMatches(spec.selector, changed))
    : [];

function ensure(world: World, service: KubeObject): void {
  record(world, component, service, {
    type: "Normal",
    reason: "EnsuringLoadBalancer",
    message: "Ensuring load balancer",
  });
  world.registry.edit(
    "Service",
    service,
    ({ metadata }) => (metadata.finalizers = [...(metadata.finalizers ?? []), cleanup]),
  );
}

function release(world: World, service: KubeObject): void {
  record(world, component, service, {
    type: "Normal",
    reason: "DeletingLoadBalancer",
    message: "Deleting load balancer",
  });
  world.registry.edit("Service", service, (draft) => {
    if (!isTerminating(draft)) draft.status = { loadBalancer: {} };
    draft.metadata.finalizers = draft.metadata.finalizers!.filter((name) => name !== cleanup);
  });
}
