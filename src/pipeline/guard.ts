/**
 * Stands between steps and adapters, by the nature of each method: reads wait for an outage to end, effects pass a
 * fence. Fencing, read-only mode and the crash matrix are all made from the same table.
 */
import { RefusedError, TransientError } from "../errors.ts";
import { natures, type Nature, type Ports } from "../ports/index.ts";
import { retry, type RetryOptions } from "./retry.ts";

/** Returns only while its holder may act. */
export interface Fence {
  ensureHeld(signal: AbortSignal): Promise<void>;
}

/** For verbs that write nothing: an effect is refused here, below the steps. */
export const readOnly: Fence = {
  async ensureHeld() {
    throw new RefusedError("READ_ONLY", "this verb is read-only, but tried to write");
  },
};

/** For what may be done beside a builder at work: looking into a release of our own. */
export const unfenced: Fence = { ensureHeld: async (signal) => signal.throwIfAborted() };

type Method = (...parameters: unknown[]) => Promise<unknown>;
type Methods = Record<string, Method>;

/** Is told of every call that failed, before it is asked again. */
export type Noticed = (call: string, error: unknown) => Promise<void>;

/** The same ports, with retried reads and fenced effects. */
export function guardPorts(
  ports: Ports,
  fence: Fence,
  options: RetryOptions & { noticed?: Noticed | undefined },
): Ports {
  const { signal, noticed } = options;
  const noticing = async (name: string, call: () => Promise<unknown>): Promise<unknown> => {
    try {
      return await call();
    } catch (error) {
      if (!signal.aborted) await noticed?.(name, error);
      throw error;
    }
  };
  const guards: Record<Nature, (name: string, call: () => Promise<unknown>) => Promise<unknown>> = {
    read: (name, call) => retry(() => noticing(name, () => unlessAborted(call(), signal)), options),
    async effect(name, call) {
      await fence.ensureHeld(signal);
      // Helm gets the signal and ends by itself; nothing else that is under way is waited for.
      return name.startsWith("releases.") ? call() : noticing(name, () => unlessAborted(call(), signal));
    },
  };
  const guarded = Object.entries(natures).map(([portName, methods]) => {
    const port = ports[portName as keyof Ports] as unknown as Methods;
    const calls = Object.entries(methods).map(([method, nature]) => {
      const name = `${portName}.${method}`;
      const call: Method = (...parameters) =>
        guards[nature](name, () => {
          const original = port[method];
          if (!original) throw new TypeError(`${portName} has no method ${method}`);
          return original.apply(port, parameters);
        }).catch((error: unknown) => {
          if (error instanceof TransientError) error.release ??= releaseAsked(name, parameters);
          throw error;
        });
      return [method, call] as const;
    });
    return [portName, Object.fromEntries(calls)] as const;
  });
  return Object.fromEntries(guarded) as unknown as Ports;
}

/** The release that a call asks inside. Its namespace as a whole is a matter of the cluster: preflight asks for that right. */
function releaseAsked(call: string, [first]: readonly unknown[]): string | undefined {
  if (!/^(cluster|harvester|releases|site)\./.test(call) || /\.capacity$|Namespaces?$/.test(call))
    return undefined;
  return typeof first === "string" ? first : (first as { namespace?: string } | undefined)?.namespace;
}

/** The answer, or the signal's reason as soon as it is aborted: a builder that must stop has 10 s, a call may take 120. */
async function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let leave = () => {};
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason as Error);
    signal.addEventListener("abort", leave, { once: true });
  });
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
