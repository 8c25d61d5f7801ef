/** What a release's namespace looks like, as far as readiness needs it. */

export interface WorkloadView {
  /** Label `name`, or the object's own name. */
  component: string;
  desired: number;
  available: number;
  updated: number;
  /** Whether the controller has seen the latest spec (observedGeneration). */
  observed: boolean;
}

export interface ContainerView {
  name: string;
  init: boolean;
  ready: boolean;
  state: "waiting" | "running" | "terminated";
  /** Reason of the waiting or terminated state: CrashLoopBackOff, ImagePullBackOff… */
  reason?: string | undefined;
  message?: string | undefined;
  exitCode?: number | undefined;
  restarts: number;
}

export interface PodView {
  name: string;
  uid: string;
  component: string;
  phase: string;
  ready: boolean;
  terminating: boolean;
  /** Kind of the owner, "Job" for pods of a Job. */
  ownerKind: string | undefined;
  /** Reason and message of a failed pod (Evicted) or of an unmet PodScheduled condition. */
  reason: string | undefined;
  message: string | undefined;
  containers: ContainerView[];
}

export interface ServiceView {
  name: string;
  /** Label `name`, or the object's own name. */
  component: string;
  /** First IPv4 address of the load balancer, wherever it stands in the list; undefined where there is none. */
  address: string | undefined;
  /** What the load balancer has besides: host names, IPv6 addresses, further IPv4 ones. */
  otherAddresses: string[];
  /** The Helm release that it says it belongs to; Helm 2 left nothing. */
  helmRelease?: string | undefined;
}

export interface Workloads {
  workloads: WorkloadView[];
  pods: PodView[];
  claims: { name: string; phase: string }[];
  services: ServiceView[];
}
