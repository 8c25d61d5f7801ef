/** Faults injected into calls by name. */
import { TransientError } from "../../src/errors.ts";

/** What an adapter throws at an answer of such a status. */
export function answered(dependency: string, status: number): TransientError {
  return new TransientError(dependency, `${dependency} answered ${status}`, { status });
}

export interface Fault {
  /** Which calls: `dns.change`, or a pattern. */
  calls: string | RegExp;
  /** How many calls pass before it begins (0). */
  skip?: number;
  /** It ends after so many calls (1), or so many milliseconds after it began. */
  times?: number;
  forMs?: number;
  /** `before`: the call never arrives; `after`: it does, and its answer is lost. */
  when?: "before" | "after";
  /** What the caller sees; an outage unless said otherwise. */
  error?: () => Error;
}

interface State {
  fault: Fault;
  passed: number;
  hits: number;
  since: number | undefined;
}

export class Faults {
  readonly #states: State[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(fault: Fault): void {
    this.#states.push({ fault, passed: 0, hits: 0, since: undefined });
  }

  clear(): void {
    this.#states.length = 0;
  }

  /** How many calls were hit in all. */
  get hits(): number {
    return this.#states.reduce((sum, { hits }) => sum + hits, 0);
  }

  /** The fault that hits this call, if any: counts the call. */
  match(name: string): { when: "before" | "after"; error: Error } | undefined {
    for (const state of this.#states) {
      const { fault } = state;
      const meant = typeof fault.calls === "string" ? fault.calls === name : fault.calls.test(name);
      if (!meant) continue;
      if (state.passed < (fault.skip ?? 0)) {
        state.passed += 1;
        continue;
      }
      state.since ??= this.#now();
      const over =
        fault.forMs === undefined
          ? state.hits >= (fault.times ?? 1)
          : this.#now() - state.since >= fault.forMs;
      if (over) continue;
      state.hits += 1;
      const error =
        fault.error?.() ?? new TransientError(name.split(".")[0] ?? "", `${name}: injected outage`);
      return { when: fault.when ?? "before", error };
    }
    return undefined;
  }
}
