import { expect, it } from "vitest";
import { asOutage } from "../../src/errors.ts";

it.each(["ENOSPC", "EDQUOT", "EMFILE", "ENOMEM"])("a machine without room (%s) is an outage", (code) => {
  const full = Object.assign(new Error("write /somewhere"), { code });
  expect(asOutage(full)).toMatchObject({ code: "OUTAGE", dependency: "this machine" });
  const other = Object.assign(new Error("no such file"), { code: "ENOENT" });
  expect(asOutage(other)).toBe(other);
});
