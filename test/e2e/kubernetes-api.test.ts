/** The emulator's contract, held against the cluster that KUBECONFIG points at; it has to be steerable like it. */
import { describeKubernetesApi } from "../contract/kubernetes-api.ts";

const kubeconfig = process.env.KUBECONFIG;
if (!kubeconfig) throw new Error("KUBECONFIG has to point at a test cluster");

describeKubernetesApi("the cluster", () => ({ kubeconfig }));
