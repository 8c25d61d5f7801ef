/** What test files that share a process may not leave behind for the next: named here, by the file that did it. */
import { X509Certificate } from "node:crypto";
import https from "node:https";
import tls from "node:tls";
import { afterAll, beforeAll, expect } from "vitest";

const look = () => ({
  env: { ...process.env },
  folder: process.cwd(),
  agent: { ...https.globalAgent.options },
  // Their texts are not always written the same way.
  authorities: new Set(tls.getCACertificates().map((text) => new X509Certificate(text).fingerprint256)).size,
  listeners: process.eventNames().map((name) => `${String(name)} ${process.listenerCount(name)}`),
  clock: Object.getOwnPropertyDescriptor(globalThis, "Date")?.value as unknown,
  fetch: globalThis.fetch,
});
let before: ReturnType<typeof look>;

beforeAll(() => {
  before = look();
});
afterAll(() => {
  expect(look()).toEqual(before);
});
