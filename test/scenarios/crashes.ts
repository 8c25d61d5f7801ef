/** Runs that are killed at chosen effects, and are taken up again by new builders until somebody brings them to an end. */
import type { CrashPoint } from "../fakes/instrument.ts";
import { describeFinal, type FinalWorld } from "../fakes/final-world.ts";
import type { BuilderOptions, Outcome, Verb } from "../fakes/builder.ts";
import type { FakeWorld } from "../fakes/world.ts";

/** A world and what happens in it, made anew for each case. */
export interface Scenario {
  name: string;
  make: () => FakeWorld;
  /** What happens before, undisturbed. */
  before?: (fake: FakeWorld) => Promise<void>;
  /** `run`, where nothing is said. */
  verb?: Verb;
}

export interface CrashedRun {
  fake: FakeWorld;
  outcomes: Outcome[];
  final: FinalWorld;
  /** Effects of each builder, in order. */
  effects: string[][];
  /** Every call of the Job's builders, reads as well. */
  calls: FakeWorld["calls"];
}

const mostBuilders = 8;

/** One Job: its pods follow each other as long as they are killed or interrupted (exit code 75). */
export async function runJob(
  { make, before, verb }: Scenario,
  crashes: readonly CrashPoint[],
  portsFor: (fake: FakeWorld) => BuilderOptions["ports"] = () => undefined,
): Promise<CrashedRun> {
  const fake = make();
  await before?.(fake);
  const callsBefore = fake.calls.length;
  const ports = portsFor(fake);
  const old = fake.namespaces;
  const outcomes: Outcome[] = [];
  const effects: string[][] = [];
  for (let pod = 0; pod < mostBuilders; pod += 1) {
    const builder = fake.builder(`builder-${pod}`, {
      crashAt: crashes[pod],
      job: "builder-28",
      ...(ports && { ports }),
    });
    const outcome = await builder.run(verb);
    outcomes.push(outcome);
    effects.push(
      fake.history.filter((effect) => effect.builder === builder.identity).map(({ name }) => name),
    );
    if (outcome.code !== "killed" && outcome.code !== 75) break;
  }
  await fake.clock.sleep(60_000); // what was on its way has arrived by then
  fake.invariants.atEnd();
  const calls = fake.calls.slice(callsBefore);
  return { fake, outcomes, final: describeFinal(fake, old), effects, calls };
}

/**
 * Whether this crash falls between writing down that a message is about to be sent and sending it. Such a message is
 * lost: it can't be recognised from outside, and twice is worse than never.
 */
export function mayLoseMessage({ index, when }: CrashPoint, effects: readonly string[]): boolean {
  if (effects[index] === "notifier.notify") return when === "before";
  return when !== "before" && effects[index] === "store.save";
}

/** The final world as if the messages that crashes may lose had been sent. */
export function withoutLost(final: FinalWorld, reference: FinalWorld, most: number): FinalWorld {
  const left = [...final.notifications];
  const lost = reference.notifications.filter((event) => left[0] !== event || left.shift() === undefined);
  const isLost = left.length === 0 && lost.length <= most;
  return isLost ? { ...final, notifications: reference.notifications } : final;
}
