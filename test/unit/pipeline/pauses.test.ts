/** No loop asks without a pause, whatever it is refused with, and none goes on for ever. */
import { describe, expect, it } from "vitest";
import { ConflictError, TransientError } from "../../../src/errors.ts";
import { leaveRequest } from "../../../src/pipeline/requests.ts";
import { retry } from "../../../src/pipeline/retry.ts";
import { waitFor } from "../../../src/pipeline/wait.ts";
import { bench } from "./bench.ts";

type Bench = ReturnType<typeof bench>;

/** At most one question in 250 ms, and the first one at once. */
const mostIn3s = 13;

const outage = (status: number | undefined, retryAfterMs?: number) => (): never => {
  throw new TransientError("it", "no", { status, retryAfterMs });
};
const conflict = (): never => {
  throw new ConflictError("it");
};

const refusals: [string, () => never][] = [
  ...[undefined, 301, 400, 401, 403, 404, 429, 500, 503].map((status): [string, () => never] => [
    `${status ?? "no answer"}`,
    outage(status),
  ]),
  ...[0, -60_000, 3_600_000, NaN, Infinity].map((after): [string, () => never] => [
    `429 with Retry-After ${after}`,
    outage(429, after),
  ]),
];

const loops: [
  string,
  (made: Bench, ask: () => Promise<never>) => Promise<unknown>,
  [string, () => never][],
][] = [
  ["a retry", ({ options }, ask) => retry(ask, options), refusals],
  [
    "a wait",
    (made, ask) =>
      waitFor(
        { code: "X", what: "it", timeoutMs: 60_000, look: () => ask().catch(() => ({ seen: "no" })) },
        made.options,
      ),
    [["nothing yet", outage(undefined)]],
  ],
  [
    "taking the Lease",
    ({ lock, leases, signal }, ask) => {
      leases.write = ask;
      return lock("one").acquire(signal);
    },
    [["409", conflict]],
  ],
  [
    "renewing the Lease",
    async ({ lock, leases, signal }, ask) => {
      const one = lock("one");
      await one.acquire(signal);
      leases.write = ask;
      await one.renew();
    },
    [["409", conflict]],
  ],
  [
    "leaving a request",
    async ({ lock, leases, clock, signal }, ask) => {
      await lock("one").acquire(signal);
      leases.write = ask;
      await leaveRequest({ leases, clock }, "abort", {});
    },
    [["409", conflict]],
  ],
  [
    "writing the state",
    async ({ checkpoint, store, signal }, ask) => {
      store.save = ask;
      await checkpoint().write({}, signal);
    },
    [
      ["403", outage(403)],
      ["409", conflict],
    ],
  ],
];

const cases = loops.flatMap(([name, loop, answers]) =>
  answers.map(([answer, refuse]) => ({ name, loop, answer, refuse })),
);

describe.each(cases)("$name, refused with $answer", ({ loop, refuse }) => {
  it("pauses, and gives up", async () => {
    const made = bench();
    const began = made.clock.now();
    const at: number[] = [];
    const ask = async () => {
      at.push(made.clock.now() - began);
      return refuse();
    };
    await expect(loop(made, ask)).rejects.toThrow();
    expect(at.filter((ms) => ms <= 3_000).length).toBeLessThanOrEqual(mostIn3s);
    expect(made.clock.now() - began).toBeLessThanOrEqual(15 * 60_000);
  });
});
