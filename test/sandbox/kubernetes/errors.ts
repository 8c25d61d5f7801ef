/** Refusals as the API server words them: an HTTP code and a Status object. */
import type { ResourceType } from "./types.ts";

export interface Cause {
  reason: string;
  message: string;
  field: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: Cause[];
}

export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  get status(): object {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: this.message,
      reason: this.reason,
      ...(this.details ? { details: this.details } : {}),
      code: this.code,
    };
  }
}

/** `configmaps`, `deployments.apps`: how messages name a resource. */
const about = (type: ResourceType, name: string): StatusDetails => ({
  name,
  ...(type.group ? { group: type.group } : {}),
  kind: type.plural,
});

export const notFound = (type: ResourceType, name: string): ApiError =>
  new ApiError(404, "NotFound", `${type.id} "${name}" not found`, about(type, name));

export const unknownPath = (): ApiError =>
  new ApiError(404, "NotFound", "the server could not find the requested resource", {});

export const alreadyExists = (type: ResourceType, name: string): ApiError =>
  new ApiError(409, "AlreadyExists", `${type.id} "${name}" already exists`, about(type, name));

export const conflict = (type: ResourceType, name: string, why: string): ApiError =>
  new ApiError(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${type.id} "${name}": ${why}`,
    about(type, name),
  );

export const modified = (type: ResourceType, name: string): ApiError =>
  conflict(
    type,
    name,
    "the object has been modified; please apply your changes to the latest version and try again",
  );

export const forbidden = (type: ResourceType, name: string, why: string, causes?: Cause[]): ApiError =>
  new ApiError(403, "Forbidden", `${type.id} "${name}" is forbidden: ${why}`, {
    ...about(type, name),
    ...(causes ? { causes } : {}),
  });

export const badRequest = (message: string): ApiError => new ApiError(400, "BadRequest", message);

/** `problems` are what `field`: `text` would be in the real message. */
export function invalid(type: ResourceType, name: string, causes: Cause[]): ApiError {
  const texts = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const listed = texts.length === 1 ? texts[0]! : `[${texts.join(", ")}]`;
  return new ApiError(
    422,
    "Invalid",
    `${type.kind}${type.group ? `.${type.group}` : ""} "${name}" is invalid: ${listed}`,
    {
      name,
      ...(type.group ? { group: type.group } : {}),
      kind: type.kind,
      causes,
    },
  );
}

export const cause = (reason: string, field: string, message: string): Cause => ({
  reason: `FieldValue${reason}`,
  message,
  field,
});

export const gone = (resourceVersion: string, oldest: number): ApiError =>
  new ApiError(410, "Expired", `too old resource version: ${resourceVersion} (${oldest})`);

export const tooLarge = (limit: number): ApiError =>
  new ApiError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${limit}`);
