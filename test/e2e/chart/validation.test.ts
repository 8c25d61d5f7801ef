/** The API server's own look at every object of the chart: a field that it does not know is an error, not dropped. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { fieldValues, helmTemplate, type Values, valuesWith } from "../../unit/chart/render.ts";
import { asAdmin } from "./cluster.ts";
import { ensureKinds, everything } from "./everything.ts";

const namespace = `valid-${Date.now().toString(36)}`;
beforeAll(async () => {
  await ensureKinds();
  await asAdmin(["create", "namespace", namespace]);
  // Pods are not admitted without.
  await asAdmin(["create", "serviceaccount", "builder", "-n", namespace]);
});
afterAll(() => asAdmin(["delete", "namespace", namespace, "--wait=false"]));

/** Applies nothing. Throws with what the API server says. */
async function validate(values: Values, mend = (text: string) => text): Promise<string> {
  const { stdout } = await helmTemplate(values, { namespace });
  return asAdmin(
    ["apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"],
    mend(stdout),
  );
}

test.each([
  ["an operator's values", fieldValues],
  ["all that can be set", () => valuesWith(everything)],
])("accepts all objects with %s", async (_what, values) => {
  const said = await validate(await values());
  for (const object of [
    "cronjob.batch/builder ",
    "networkpolicy",
    "validatingadmissionpolicy",
    "pod/builder-test",
  ])
    expect(said).toContain(object);
  expect(said).not.toMatch(/warning/i);
});

test("would tell of a field that is misspelt", async () => {
  const misspelt = (text: string) => text.replaceAll("backoffLimit:", "backOffLimit:");
  await expect(validate(await fieldValues(), misspelt)).rejects.toThrow(
    /backOffLimit: field not declared|unknown field.*backOffLimit/,
  );
});
