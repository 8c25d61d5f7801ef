/** Questions about permissions and identities: nothing is enforced, but `deny` decides what is answered. */
import { timestamp } from "./types.ts";
import type { Loose, ResourceAttributes } from "./types.ts";

const user = {
  username: "sandbox-admin",
  uid: "sandbox-admin",
  groups: ["system:masters", "system:authenticated"],
};

/** The review with its status filled in. */
export function answerReview(
  kind: string,
  review: Loose,
  denied: (attributes: ResourceAttributes) => boolean,
): object {
  const metadata = { ...review.metadata, creationTimestamp: null };
  const base = { ...review, metadata };
  switch (kind) {
    case "SelfSubjectAccessReview":
    case "SubjectAccessReview": {
      const attributes = review.spec?.resourceAttributes as ResourceAttributes | undefined;
      const allowed = !attributes || !denied(attributes);
      return {
        ...base,
        status: allowed ? { allowed, reason: "sandbox" } : { allowed, reason: "denied by the test" },
      };
    }
    case "SelfSubjectRulesReview": {
      const resourceRules = [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }];
      return {
        ...base,
        status: {
          resourceRules,
          nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
          incomplete: false,
        },
      };
    }
    case "SelfSubjectReview":
      return { ...base, status: { userInfo: user } };
    default:
      return { ...base, status: { authenticated: true, user } };
  }
}

/** A token for a service account; nobody checks it. */
export function tokenFor(namespace: string, name: string, request: Loose): object {
  const seconds = Number(request?.spec?.expirationSeconds ?? 3600);
  const claims = Buffer.from(JSON.stringify({ sub: `system:serviceaccount:${namespace}:${name}` })).toString(
    "base64url",
  );
  return {
    ...request,
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { name, namespace, creationTimestamp: timestamp() },
    status: {
      token: `sandbox.${claims}.unsigned`,
      expirationTimestamp: timestamp(Date.now() + seconds * 1000),
    },
  };
}
