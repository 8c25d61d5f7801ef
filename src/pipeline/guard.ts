/**
 * Decorates every method of a set of ports by its nature: reads are asked patiently, effects pass a gate first.
 * Fencing, read-only mode and the crash matrix are all built from this one place.
 */

type Method = (...parameters: never[]) => Promise<unknown>;
export type Natures<P> = { readonly [K in keyof P]: { readonly [M in keyof P[K]]: "read" | "effect" } };

export interface Guard {
  /** Runs a read; `name` is `port.method`. */
  read(name: string, call: () => Promise<unknown>): Promise<unknown>;
  /** Runs an effect. */
  effect(name: string, call: () => Promise<unknown>): Promise<unknown>;
}

/** The same ports, each call going through the guard. */
export function guardPorts<P extends object>(ports: P, natures: Natures<P>, guard: Guard): P {
  const guarded = Object.keys(natures).map((portName) => {
    const port = (ports as Record<string, Record<string, Method>>)[portName];
    const methods = (natures as Record<string, Record<string, "read" | "effect">>)[portName];
    if (!port || !methods) throw new TypeError(`no port ${portName}`);
    const wrapped = Object.entries(methods).map(([method, nature]) => {
      const call: Method = (...parameters) => {
        const original = port[method];
        if (!original) throw new TypeError(`${portName} has no method ${method}`);
        return guard[nature](`${portName}.${method}`, () => original.apply(port, parameters));
      };
      return [method, call] as const;
    });
    return [portName, Object.fromEntries(wrapped)] as const;
  });
  return Object.fromEntries(guarded) as P;
}
