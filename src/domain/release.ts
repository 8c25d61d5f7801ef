/** Releases and namespaces as the steps see them. */

export interface NamespaceView {
  name: string;
  uid: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  terminating: boolean;
}

/** A Helm release, from `helm list -o json`. */
export interface ReleaseView {
  name: string;
  /** deployed, failed, pending-install, pending-upgrade, uninstalling, superseded… */
  status: string;
  revision: number;
}

/** An object of a rendered chart. */
export interface RenderedObject {
  apiVersion: string;
  kind: string;
  name: string;
  labels: Record<string, string>;
  /** The whole manifest. */
  manifest: Record<string, unknown>;
}

/** Whether Helm runs it beside the release instead of keeping it there. */
export function isHook({ manifest: { metadata } }: RenderedObject): boolean {
  const { annotations } = (metadata ?? {}) as { annotations?: object | null };
  return "helm.sh/hook" in (annotations ?? {});
}

/** A right that the builder needs, as a SelfSubjectAccessReview asks for it. */
export interface Right {
  verb: string;
  group: string;
  resource: string;
  namespace?: string;
  name?: string;
}
