import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createHarvester } from "../../../../src/adapters/harvester/harvester.ts";

let body = "";
const server = createServer((_, response) => response.end(body));
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => void server.close());

it("reads a list again only when it is another one", async () => {
  const apiPrefix = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const harvester = createHarvester({ apiPrefix, apiPath: "/api", username: "u", password: "p" });
  const find = async (status?: string) => {
    body = status === undefined ? "" : JSON.stringify({ id: 1, identifier: "one", status });
    return harvester.findList("prod-abcde", "one");
  };
  const first = await find("STARTED");
  expect(first).toMatchObject({ status: "STARTED" });
  expect(await find("STARTED")).toBe(first);
  expect(await find("STOPPED")).toMatchObject({ status: "STOPPED" });
  expect(await find()).toBeUndefined();
  expect(await find("STARTED")).toEqual(first);
});
