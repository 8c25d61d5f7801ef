/** The Cloud DNS adapter on the emulator. */
import { createGoogleDns } from "../../src/adapters/google-dns/index.ts";
import { startCloudDns } from "../sandbox/dns/cloud-dns.ts";
import { describeDns } from "./dns.ts";

for (const [variant, missingDeletion] of [
  ["", 412],
  [", which calls a missing deletion 404", 404],
] as const) {
  describeDns(`Cloud DNS${variant}`, async () => {
    let now = Date.parse("2026-11-22T12:00:00Z");
    const emulator = await startCloudDns({ now: () => now, pendingMs: 10_000 });
    const dnsName = "example.";
    const model = emulator.addZone({
      name: "zone",
      dnsName,
      now: () => now,
      pendingMs: 10_000,
      missingDeletion,
      project: "p",
    });
    emulator.addZone({ name: "zone", dnsName, project: "denied" }).denied = "writes";
    return {
      dns: createGoogleDns({ project: "p", endpoint: emulator.url, timeoutMs: 2_000 }),
      denied: createGoogleDns({ project: "denied", endpoint: `${emulator.url}/dns/v1/` }),
      zone: "zone",
      model,
      dnsName,
      showFault: (fault) => emulator.faults.add(() => true, fault, 1),
      settle: () => void (now += 10_000),
      close: () => emulator.close(),
    };
  });
}
