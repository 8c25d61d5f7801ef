/** What the builders of these tests asked of the API server, from its audit log, beside what the chart's roles grant. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { beforeAll, describe, expect, test } from "vitest";
import { fieldValues, renderChart, requireObject } from "../../unit/chart/render.ts";
import { cluster } from "./requirements.ts";

export interface AuditedUser {
  namespace: string;
  environment: string;
}

/** `list pods`, `get deployments.apps`, `get pods/log`. */
type Right = string;

/** The chart's roles, by the names they have for environment prod. */
const releaseRole = "powo-builder-prod-release";
const roles = ["builder", "powo-builder-prod.cluster", releaseRole] as const;

interface AuditEvent {
  stage: string;
  verb: string;
  user: { username: string };
  objectRef?: {
    resource: string;
    subresource?: string;
    apiGroup?: string;
    namespace?: string;
    name?: string;
  };
  responseStatus?: { code?: number; message?: string };
  annotations?: Record<string, string>;
}

interface Seen {
  /** By the role that the API server gave as the reason. */
  used: Map<string, Set<Right>>;
  /** What was done in releases' namespaces, whichever role the API server named: the cluster-wide one is asked first. */
  inReleases: Set<Right>;
  refused: Set<string>;
}

const rightOf = (verb: string, { resource, subresource, apiGroup }: NonNullable<AuditEvent["objectRef"]>) =>
  `${verb} ${resource}${subresource === undefined ? "" : `/${subresource}`}${apiGroup === undefined ? "" : `.${apiGroup}`}`;

/** What a request also needs, though the log has no line for it. */
function impliedBy({ verb, objectRef, responseStatus }: AuditEvent): string[] {
  // A watch begins with a list where the API server can't stream one; what a patch brought forth was created.
  if (verb === "watch") return ["list"];
  if (verb === "patch" && responseStatus?.code === 201) return ["create"];
  return objectRef?.resource === "rolebindings" && verb === "create" ? ["bind"] : [];
}

async function readAudit(users: readonly AuditedUser[]): Promise<Seen> {
  const environments = new Map(
    users.map(({ namespace, environment }) => [`system:serviceaccount:${namespace}:builder`, environment]),
  );
  const seen: Seen = {
    used: new Map(roles.map((role) => [role, new Set()])),
    inReleases: new Set(),
    refused: new Set(),
  };
  for await (const line of createInterface(createReadStream(await cluster("audit")))) {
    if (!line.includes(":serviceaccount:builder-")) continue;
    const event = JSON.parse(line) as AuditEvent;
    const environment = environments.get(event.user.username);
    if (environment !== undefined && event.stage === "ResponseComplete") note(event, environment, seen);
  }
  return seen;
}

function note(event: AuditEvent, environment: string, { used, inReleases, refused }: Seen): void {
  const { verb, objectRef, responseStatus, annotations = {} } = event;
  if (!objectRef) return;
  if (annotations["authorization.k8s.io/decision"] !== "allow" || responseStatus?.code === 403) {
    refused.add(
      `${rightOf(verb, objectRef)} in ${objectRef.namespace ?? ""}: ${responseStatus?.message ?? ""}`,
    );
    return;
  }
  if (objectRef.namespace?.startsWith(`${environment}-`) === true) inReleases.add(rightOf(verb, objectRef));
  const rights = used.get(roleOf(annotations["authorization.k8s.io/reason"] ?? "", environment) ?? "");
  rights?.add(rightOf(verb, objectRef));
  for (const implied of impliedBy(event)) {
    const what =
      implied === "bind" ? { resource: "clusterroles", apiGroup: objectRef.apiGroup ?? "" } : objectRef;
    rights?.add(rightOf(implied, what));
  }
}

/** The role that the API server names as its reason, as it is called for environment prod. */
function roleOf(text: string, environment: string): string | undefined {
  const reason = text.replaceAll(environment, "prod");
  // Everybody may ask what he may do, as clusters are set up; the chart doesn't count on it.
  if (reason.includes('"system:basic-user"')) return "powo-builder-prod.cluster";
  return /of (?:Cluster)?Role "([^"]+)"/.exec(reason)?.[1];
}

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

async function grantedBy(role: string): Promise<Right[]> {
  const kind = role === "builder" ? "Role" : "ClusterRole";
  const { rules } = requireObject(await renderChart(await fieldValues()), kind, role) as { rules: Rule[] };
  const rights = rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.map((verb) => `${verb} ${resource}${group === "" ? "" : `.${group}`}`),
      ),
    ),
  );
  return [...new Set(rights)].sort();
}

/** Rights that these tests can't bring about, and what they are for. */
const rare: Right[] = [
  // An announcement that is made twice is counted in its Event: test/contract/kubernetes-details.ts.
  "patch events",
];

/** When a namespace goes, the builder's own binding may go before what it looks after. */
const expectedRefusals =
  /^list (pods|persistentvolumeclaims|(deployments|statefulsets|daemonsets)\.apps) in .*-[a-z0-9]{5}: /;

export function describeAudit(users: readonly AuditedUser[]): void {
  describe("the audit log of all that was done here", () => {
    let seen: Seen;
    beforeAll(async () => {
      seen = await readAudit(users);
    });

    test("nothing was refused but a look at what was just going", () => {
      expect([...seen.refused].filter((line) => !expectedRefusals.test(line))).toEqual([]);
    });

    test.each(roles)("every right of role %s was used, and none is missing", async (role) => {
      const used = seen.used.get(role) ?? new Set<Right>();
      expect([...used]).not.toEqual([]);
      const granted = await grantedBy(role);
      if (role === releaseRole) for (const right of granted) if (seen.inReleases.has(right)) used.add(right);
      const usual = (rights: Iterable<Right>) => [...rights].filter((right) => !rare.includes(right)).sort();
      expect(usual(granted)).toEqual(usual(used));
    });
  });
}
