/** The Kubernetes adapters on the cluster that KUBECONFIG points at; it has to be steerable like the emulator. */
import { describeCluster } from "../contract/cluster.ts";
import {
  createClusterBench,
  createLeaseStoreBench,
  createStateStoreBench,
} from "../contract/kubernetes-bench.ts";
import { describeKubernetesDetails } from "../contract/kubernetes-details.ts";
import { describeLeaseStore } from "../contract/lease-store.ts";
import { describeStateStore } from "../contract/state-store.ts";

const kubeconfig = process.env.KUBECONFIG;
if (!kubeconfig) throw new Error("KUBECONFIG has to point at a test cluster");

describeStateStore("the ConfigMap", () => createStateStoreBench(kubeconfig));
describeLeaseStore("the Lease", () => createLeaseStoreBench(kubeconfig));
describeCluster("the cluster", () => createClusterBench(kubeconfig));
describeKubernetesDetails(() => kubeconfig);
