/** Answers of Google's HTTP APIs, refusals among them. */
import type { ServerResponse } from "node:http";

export interface Reply {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

export const ok = (body: unknown): Reply => ({ status: 200, body });

/** As the token endpoints say no (RFC 6749, 5.2). */
export const oauthError = (error: string, description: string, status = 400): Reply => ({
  status,
  body: { error, error_description: description },
});

/** As the other APIs say no. */
export const apiError = (status: 400 | 401 | 403 | 404, reason: string, message: string): Reply => ({
  status,
  body: {
    error: {
      code: status,
      message,
      errors: [{ message, domain: "global", reason }],
      status: { 400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND" }[
        status
      ],
    },
  },
  ...(status === 401 && {
    headers: { "www-authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"' },
  }),
});

export function send(response: ServerResponse, { status, body, headers }: Reply): void {
  const isText = typeof body === "string";
  const type = isText ? "application/text" : "application/json; charset=UTF-8";
  response.writeHead(status, { "content-type": type, ...headers });
  response.end(isText ? body : JSON.stringify(body));
}
