/** What the API server's answers mean: the one place that tells an expected refusal from an outage. */
import type { RequestContext } from "@kubernetes/client-node";
import * as z from "zod";
import { parseJson } from "../../domain/json.ts";
import { oneLine } from "../../domain/words.ts";
import { ConflictError, TransientError } from "../../errors.ts";
import { retryAfterMs } from "../http/retry-after.ts";

export const dependency = "the Kubernetes API";

export interface Answer {
  status: number;
  text: string;
  /** The Retry-After header, where there is one. */
  retryAfter?: unknown;
}

const statusSchema = z.object({
  kind: z.literal("Status"),
  message: z.string().default(""),
  details: z.object({ causes: z.array(z.object({ reason: z.string().default("") })).default([]) }).optional(),
});

/** The API server's own word on a refusal (metav1.Status); a proxy's page has none. */
class Refusal extends Error {
  readonly status: number;
  /** Reasons of the single causes, such as NamespaceTerminating, FieldValueTooLong. */
  readonly causes: readonly string[];

  constructor(status: number, { message, details }: z.infer<typeof statusSchema>, redact: typeof oneLine) {
    const said = oneLine(redact(message).replaceAll(/\s+/g, " "));
    super(said.slice(0, 400) || `HTTP ${status}`);
    this.status = status;
    this.causes = (details?.causes ?? []).map(({ reason }) => reason);
  }
}

const pathPattern =
  /\/(?:api|apis\/(?<group>[^/]+))\/v1\/(?:namespaces\/(?<namespace>[^/]+)\/)?(?<plural>[^/]+)(?:\/(?<name>[^/]+))?(?:\/(?<subresource>[^/]+))?$/;

/**
 * A call in the words of RBAC: method and path, read as the API server's authorizer does. The resource has its group, as
 * kubectl takes it (`leases.coordination.k8s.io`), or is a path; the object is `pods/log portal-0 in namespace prod-k3m7q`.
 */
function askedBy(request: RequestContext) {
  const { pathname } = new URL(request.getUrl());
  const { group, plural, namespace, name, subresource } = pathPattern.exec(pathname)?.groups ?? {};
  const method: string = request.getHttpMethod();
  const read = plural !== undefined && name === undefined ? "list" : "get";
  const verb = { GET: read, POST: "create" }[method] ?? method.toLowerCase();
  const resource = (plural ?? pathname) + (group === undefined ? "" : `.${group}`);
  const whole = resource + (subresource === undefined ? "" : `/${subresource}`);
  const where = namespace === undefined ? undefined : `in namespace ${namespace}`;
  const object = [whole, name, where].filter((word) => word !== undefined).join(" ");
  return { verb, resource, subresource, namespace, object };
}

/** The error that an answer other than 2xx means: ConflictError for 409, TransientError for every other. */
export function translate(request: RequestContext, answer: Answer, redact = oneLine) {
  const { verb, resource, subresource, namespace, object } = askedBy(request);
  const { status, text, retryAfter } = answer;
  const { success, data } = statusSchema.safeParse(parseJson(text));
  const cause = success ? new Refusal(status, data, redact) : undefined;
  if (status === 409) return new ConflictError(object, cause);
  const failure = (message: string, hint?: string) => {
    const seen = { status, retryAfterMs: retryAfterMs(retryAfter), details: cause && [cause.message], cause };
    return new TransientError(dependency, message, { ...seen, hint });
  };
  const message = `${dependency} answered ${status}, asked to ${verb} ${object}`;
  if (status === 401)
    return failure(message, "the credentials were rejected: an expired token, or a deleted user?");
  if (status !== 403) return failure(message);
  // Nothing can be created in a terminating namespace; the text is for servers that name no cause.
  if (cause?.causes.includes("NamespaceTerminating") || cause?.message.includes("is being terminated"))
    return failure(`can't ${verb} ${object}: the namespace is being terminated`);
  const part = subresource === undefined ? "" : ` --subresource=${subresource}`;
  const where = namespace === undefined ? "" : ` -n ${namespace}`;
  return failure(
    `not allowed to ${verb} ${object}${namespace === undefined ? " in the cluster" : ""}`,
    `see kubectl auth can-i ${verb} ${resource}${part}${where}; "no" means that a role of the chart is missing, "yes" that an admission policy refused`,
  );
}

/** For no answer, or one that can't be used; `how` ends the sentence "the Kubernetes API …". */
export function noAnswer(request: RequestContext, how: string, status?: number): TransientError {
  const { verb, object } = askedBy(request);
  return new TransientError(dependency, `${dependency} ${how}, asked to ${verb} ${object}`, { status });
}

/**
 * The media type of a good answer. Throws TransientError for one that is none: taken for an empty object, a proxy's page
 * would make the run's state vanish.
 */
export function mediaTypeOf(request: RequestContext, { status, text }: Answer): string {
  const { verb, resource, subresource } = askedBy(request);
  if (subresource === "log") return "text/plain";
  const parsed = parseJson(text);
  if (parsed === undefined) throw noAnswer(request, "answered with something that is not JSON", status);
  const { kind, items, gitVersion } = Object(parsed) as Record<string, unknown>;
  const fits =
    verb === "list"
      ? Array.isArray(items) || items === null
      : typeof (resource.endsWith("/version") ? gitVersion : kind) === "string";
  if (!fits) throw noAnswer(request, "answered with an object of another kind", status);
  return "application/json";
}

/** The causes that the API server gave for an error. */
export const causesOf = (error: Error): readonly string[] =>
  error.cause instanceof Refusal ? error.cause.causes : [];

/** The call's result; undefined where the API server itself (not a proxy before it) answered one of the statuses. */
export async function unlessRefused<T>(call: Promise<T>, ...statuses: number[]): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    const cause = error instanceof TransientError ? error.cause : undefined;
    if (cause instanceof Refusal && statuses.includes(cause.status)) return undefined;
    throw error;
  }
}
