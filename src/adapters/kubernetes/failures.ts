/** What can go wrong between the builder and the API server, and what it means to the builder. */
import {
  BuilderError,
  ConflictError,
  PermanentError,
  TransientError,
  type ErrorDetails,
} from "../../errors.ts";
import type { Place, Resource } from "./resources.ts";

export const dependency = "the Kubernetes API";

/** What was asked, in the words of RBAC. */
export interface Asked extends Place {
  verb: string;
  resource: Pick<Resource<unknown>, "group" | "plural">;
}

/** An answer that is a refusal. Its message is the server's own, without headers and body. */
export class ApiFailure extends Error {
  readonly status: number;
  /** The Status object's reason, such as AlreadyExists; "" where there was no Status. */
  readonly reason: string;
  /** Reasons of the single causes, such as NamespaceTerminating, FieldValueTooLong. */
  readonly causes: readonly string[];
  readonly retryAfterMs: number | undefined;

  constructor(status: number, body: string, retryAfterMs?: number) {
    const { message, reason, causes } = readStatus(body);
    super(message === "" ? `HTTP ${status}` : message);
    this.name = "ApiFailure";
    this.status = status;
    this.reason = reason;
    this.causes = causes;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No answer at all, or none that can be read. `message` ends the sentence "the Kubernetes API …". */
export class NoAnswer extends Error {}

/** Reads a metav1.Status; anything else counts as nothing said. */
function readStatus(body: string): { message: string; reason: string; causes: string[] } {
  const text = (value: unknown) => (typeof value === "string" ? value : "");
  try {
    const status = JSON.parse(body) as Record<string, unknown> | null;
    const details = status?.details as { causes?: unknown } | undefined;
    const causes = Array.isArray(details?.causes) ? (details.causes as { reason?: unknown }[]) : [];
    const message = text(status?.message).replaceAll(/\s+/g, " ").slice(0, 400);
    return { message, reason: text(status?.reason), causes: causes.map(({ reason }) => text(reason)) };
  } catch {
    return { message: "", reason: "", causes: [] };
  }
}

const passing = new Set([401, 408, 410, 425, 429]);

/**
 * What an error of a call means; `what` names the object, `asked` the right that the call needs.
 * Conflict → ConflictError; outage → TransientError; 403 → PermanentError KUBERNETES_FORBIDDEN; another refusal →
 * PermanentError KUBERNETES_NOT_FOUND or KUBERNETES_REFUSED. An error that is neither is a bug, returned as it is.
 */
export function translate(error: unknown, what: string, asked?: Asked): unknown {
  if (error instanceof BuilderError) return error;
  if (error instanceof NoAnswer)
    return new TransientError(dependency, `${dependency} ${error.message}, asked about ${what}`, {
      cause: error.cause,
    });
  if (!(error instanceof ApiFailure)) return error;
  const { status } = error;
  if (status === 409) return new ConflictError(what, error);
  if (passing.has(status) || status >= 500 || status < 400) return outage(error, what);
  if (status === 403) return isTerminating(error) ? terminating(error, what) : forbidden(error, what, asked);
  const code = status === 404 ? "KUBERNETES_NOT_FOUND" : "KUBERNETES_REFUSED";
  const verdict = status === 404 ? `${dependency} does not know ${what}` : `${dependency} refused ${what}`;
  return new PermanentError(code, verdict, seen(error));
}

const seen = (failure: ApiFailure): ErrorDetails => ({ details: [failure.message], cause: failure });

function outage(failure: ApiFailure, what: string): TransientError {
  const { status, retryAfterMs } = failure;
  const hint =
    status === 401 ? "the credentials are not accepted: expired token, or a user that is gone?" : undefined;
  const message = `${dependency} answered ${status}, asked about ${what}`;
  return new TransientError(dependency, message, { ...seen(failure), hint, retryAfterMs });
}

/** Nothing can be made in a namespace that is going; the text is for servers that name no cause. */
const isTerminating = (failure: ApiFailure): boolean =>
  failure.causes.includes("NamespaceTerminating") || failure.message.includes("is being terminated");

const terminating = (failure: ApiFailure, what: string): TransientError =>
  new TransientError(dependency, `the namespace of ${what} is being terminated`, seen(failure));

function forbidden(failure: ApiFailure, what: string, asked: Asked | undefined): PermanentError {
  if (!asked) return new PermanentError("KUBERNETES_FORBIDDEN", `not allowed: ${what}`, seen(failure));
  const { verb, resource, namespace, subresource } = asked;
  const group = resource.group === "" ? "" : `.${resource.group}`;
  const right = `${verb} ${resource.plural}${group}${subresource === undefined ? "" : `/${subresource}`}`;
  const where = namespace === undefined ? "in the cluster" : `in namespace ${namespace}`;
  const flag = namespace === undefined ? "" : ` -n ${namespace}`;
  return new PermanentError("KUBERNETES_FORBIDDEN", `not allowed to ${right} ${where} (${what})`, {
    ...seen(failure),
    hint: `see kubectl auth can-i ${verb} ${resource.plural}${group}${flag}; the chart's Role, ClusterRoles or an admission policy say no`,
  });
}

/** The server's answer behind an error, where there was one. */
export function failureBehind(error: unknown): ApiFailure | undefined {
  if (error instanceof ApiFailure) return error;
  return error instanceof Error && error.cause instanceof ApiFailure ? error.cause : undefined;
}

export const isStatus = (error: unknown, ...statuses: number[]): boolean =>
  statuses.includes(failureBehind(error)?.status ?? 0);
