/** An environment with two public names, and the Services behind them. */
import type { ServiceView } from "../../../src/domain/workloads.ts";

export const now = "2026-11-22T12:00:00.000Z";

export const prod = {
  environment: "prod",
  mappings: [
    { zone: "z", name: "one.example.", service: "ingress" },
    { zone: "z", name: "two.example.", service: "ingress-two" },
  ],
};

export const service = (component: string, address?: string, helmRelease?: string): ServiceView => ({
  ...{ name: component, component, address, otherAddresses: [] },
  ...(helmRelease !== undefined && { helmRelease }),
});
