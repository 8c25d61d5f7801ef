import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createWebhook } from "../../../../src/adapters/notify/webhook.ts";
import type { Notification } from "../../../../src/ports/notifier.ts";
import type { Fault } from "../../../sandbox/faults.ts";
import { startFiles, type FileServer } from "../../../sandbox/files.ts";

const notification: Notification = {
  event: "live",
  environment: "prod",
  runId: "prod-20261122-1200",
  release: "prod-aaaaa",
  text: "prod-aaaaa is live",
  time: "2026-11-22T12:00:00.000Z",
};

describe("the webhook", () => {
  let files: FileServer;
  let warnings: string[];
  beforeEach(async () => {
    files = await startFiles();
    warnings = [];
  });
  afterEach(() => files.close());

  const notify = (url: string | undefined) =>
    createWebhook({
      url,
      timeoutMs: 2_000,
      log: { warn: (fields, message) => void warnings.push(JSON.stringify([fields, message])) },
      sleep: () => Promise.resolve(),
    }).notify(notification);

  it("gets one notification", async () => {
    await notify(files.serve("canary", "ok"));
    expect(files.requests).toMatchObject([{ method: "POST", path: "/canary" }]);
    expect(warnings).toEqual([]);
  });

  it("is left alone where there is none", async () => {
    await notify(undefined);
    expect(warnings).toEqual([]);
  });

  it("is asked again when it is busy, three times in all", async () => {
    files.serve("canary", "ok");
    files.faults.add(() => true, { kind: "status", status: 503 }, 2);
    await notify(files.urlOf("canary"));
    expect(files.requests).toHaveLength(3);
    expect(warnings).toEqual([]);
    files.faults.add(() => true, { kind: "status", status: 503 });
    await notify(files.urlOf("canary"));
    expect(files.requests).toHaveLength(6);
    expect(warnings).toHaveLength(1);
  });

  it.each<Fault>([
    { kind: "hang" },
    { kind: "reset" },
    { kind: "reset-after" },
    { kind: "status", status: 500 },
    { kind: "status", status: 502 },
    { kind: "status", status: 504 },
  ])("is not asked again after $kind $status: it may have got it", async (fault) => {
    files.serve("canary", "ok");
    files.faults.add(() => true, fault);
    await notify(files.urlOf("canary"));
    expect(files.requests).toHaveLength(1);
    expect(warnings).toHaveLength(1);
  });

  it.each(["http://canary:canary@127.0.0.1:9/canary", "canary", "http://canary.invalid/canary"])(
    "never fails a run, and its URL stays secret: %s",
    async (url) => {
      await notify(url);
      await notify(`${files.url}/canary`);
      expect(warnings).toHaveLength(2);
      expect(warnings.join("")).not.toContain("canary");
    },
  );
});
