import { describe, expect, it } from "vitest";
import { ApiFailure, NoAnswer, translate } from "../../../../src/adapters/kubernetes/failures.ts";
import { resources } from "../../../../src/adapters/kubernetes/resources.ts";
import { ConflictError, PermanentError, TransientError } from "../../../../src/errors.ts";

const what = "ConfigMap powo/powo-builder-prod";
const asked = { verb: "patch", resource: resources.configMaps, namespace: "powo", name: "powo-builder-prod" };
const status = (reason: string, message: string, causes: object[] = []): string =>
  JSON.stringify({ kind: "Status", status: "Failure", reason, message, details: { causes } });

describe("translating what the API server answers", () => {
  it("calls a 409 a conflict", () => {
    const error = translate(new ApiFailure(409, status("Conflict", "modified")), what, asked);
    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toMatchObject({ message: expect.stringContaining(what) });
  });

  it.each([401, 408, 410, 429, 500, 502, 503, 504, 302])("calls a %d an outage", (code) => {
    const error = translate(new ApiFailure(code, "", 1500), what, asked);
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ dependency: "the Kubernetes API", retryAfterMs: 1500 });
    expect((error as Error).message).toContain(String(code));
  });

  it("calls silence an outage", () => {
    const error = translate(new NoAnswer("did not answer (ECONNREFUSED)"), what, asked);
    expect(error).toBeInstanceOf(TransientError);
    expect((error as Error).message).toBe(
      "the Kubernetes API did not answer (ECONNREFUSED), asked about ConfigMap powo/powo-builder-prod",
    );
  });

  it("names the right that is missing, and how to ask for it", () => {
    const failure = new ApiFailure(403, status("Forbidden", 'User "x" cannot patch resource "configmaps"'));
    const error = translate(failure, what, asked);
    expect(error).toBeInstanceOf(PermanentError);
    expect(error).toMatchObject({
      code: "KUBERNETES_FORBIDDEN",
      message: expect.stringContaining("not allowed to patch configmaps in namespace powo"),
      hint: expect.stringContaining("kubectl auth can-i patch configmaps -n powo"),
      details: ['User "x" cannot patch resource "configmaps"'],
    });
    const cluster = translate(failure, "x", { verb: "bind", resource: resources.roleBindings });
    expect((cluster as Error).message).toContain(
      "bind rolebindings.rbac.authorization.k8s.io in the cluster",
    );
  });

  it("waits where a namespace is going, whether the server gives the cause or only the text", () => {
    const text =
      "secrets is forbidden: unable to create new content in namespace a because it is being terminated";
    for (const body of [
      status("Forbidden", text),
      status("Forbidden", "no", [{ reason: "NamespaceTerminating" }]),
    ])
      expect(translate(new ApiFailure(403, body), what, asked)).toBeInstanceOf(TransientError);
  });

  it.each([
    [404, "KUBERNETES_NOT_FOUND"],
    [400, "KUBERNETES_REFUSED"],
    [422, "KUBERNETES_REFUSED"],
  ])("calls a %d permanent", (code, name) => {
    const error = translate(new ApiFailure(code, status("Invalid", "spec: too\nlong")), what, asked);
    expect(error).toBeInstanceOf(PermanentError);
    expect(error).toMatchObject({ code: name, details: ["spec: too long"] });
  });

  it.each([
    "",
    "<html>",
    "null",
    "[]",
    '{"message":5,"details":{"causes":{}}}',
    '{"details":{"causes":[null,1]}}',
  ])("reads no Status out of %s", (body) => {
    expect(new ApiFailure(503, body).message).toBe("HTTP 503");
  });

  it("keeps a long message short", () => {
    expect(new ApiFailure(422, status("Invalid", "x".repeat(5000))).message.length).toBeLessThanOrEqual(400);
  });

  it("leaves errors of the builder and bugs as they are", () => {
    const bug = new TypeError("x is not a function");
    const conflict = new ConflictError("it");
    expect(translate(bug, what)).toBe(bug);
    expect(translate(conflict, what)).toBe(conflict);
  });
});
