/** Errors of Cloud DNS in Google's JSON shape, with the words that the real service uses. */
export class DnsError extends Error {
  readonly status: number;
  readonly reason: string;
  readonly details: readonly string[];

  constructor(status: number, reason: string, ...messages: [string, ...string[]]) {
    super(messages[0]);
    this.status = status;
    this.reason = reason;
    this.details = messages;
  }

  get body(): Record<string, unknown> {
    return {
      error: {
        code: this.status,
        message: this.message,
        errors: this.details.map((message) => ({ reason: this.reason, domain: "global", message })),
        ...(this.status === 403 && this.reason === "forbidden" && { status: "PERMISSION_DENIED" }),
      },
    };
  }
}

export const notFound = (what: string): DnsError =>
  new DnsError(404, "notFound", `The '${what} does not exist.`);

export const permissionDenied = (): DnsError =>
  new DnsError(403, "forbidden", "The caller does not have permission");

export const invalid = (field: string, value: unknown): DnsError =>
  new DnsError(400, "invalid", `Invalid value for '${field}': '${String(value)}'`);
