/** Defects in the order of intent, effect and checkpoint, and in the lock. */
import type { Mutant } from "./mutant.ts";

const crashes = ["scenarios/crash-matrix.test.ts", "scenarios/crash-twice.test.ts"];
const resumed = ["scenarios/harvest.test.ts", "scenarios/resilience.test.ts", ...crashes];
const lock = [
  "unit/pipeline/lock.test.ts",
  "scenarios/asleep.test.ts",
  "scenarios/races.test.ts",
  "scenarios/meddling.test.ts",
];

export const orderMutants: readonly Mutant[] = [
  {
    defect: "the start of a list is not written down before the call",
    file: "steps/harvest/start-list.ts",
    find: "await memory.save({ intentAt: now(), jobs: list.jobs.length, pod: await harvesterPod(cluster, release) });",
    replace: "",
    tests: resumed,
  },
  {
    defect: "a call of a dead builder that is still on its way is not waited for",
    file: "steps/harvest/start-list.ts",
    find: "if (!wasStarted(list) && intentAt !== undefined && startedAt === undefined) {",
    replace: 'if (!wasStarted(list) && intentAt === "" && startedAt === undefined) {',
    tests: resumed,
  },
  {
    defect: "only a status, not nextRun, tells that a list was started",
    file: "domain/harvest-progress.ts",
    find: "return status !== undefined || nextRun !== undefined;",
    replace: 'return status !== undefined || nextRun === "";',
    tests: ["unit/domain/harvest-progress.test.ts", ...resumed],
  },
  {
    defect: "a job is started on its own before that is written down",
    file: "steps/harvest/run-queue.ts",
    find: "await memory.save({ ...(await podNow(ports, release)), queue: { ...queue, remaining, current } });\n  context.log.info(",
    replace:
      "await startJob(ports, release, job, context);\n  await memory.save({ ...(await podNow(ports, release)), queue: { ...queue, remaining, current } });\n  if (job.id < 0) context.log.info(",
    tests: resumed,
  },
  {
    defect: "an import of a dead builder that is still on its way is not waited for",
    file: "steps/load-data.ts",
    find: 'if (before === "empty" && state.importAt !== undefined) {',
    replace: 'if (before === "empty" && state.importAt === "") {',
    tests: resumed,
  },
  {
    defect: "a half import counts as a whole one",
    file: "steps/load-data.ts",
    find: 'if (before === "complete") return',
    replace: 'if (before !== "empty") return',
    tests: ["scenarios/rebuild.test.ts", ...resumed],
  },
  {
    defect: "the swap begins without its intent written down",
    file: "steps/swap-dns.ts",
    find: "    await writeIntent(ports, state, memory, context, plan);\n    try {",
    replace: "    try {",
    tests: ["scenarios/swap.test.ts", ...crashes],
  },
  {
    defect: "a pending change of an earlier builder is forgotten",
    file: "steps/dns/send-change.ts",
    find: "await memory.save({ pending: [...(memory.get().pending ?? []), { zone: change.zone, id }] });",
    replace: "await memory.save({ pending: [] });",
    tests: ["scenarios/swap.test.ts", "scenarios/swap-and-others.test.ts", ...crashes],
  },
  {
    defect: "why a swap is undone is not written down first",
    file: "steps/dns/undo-swap.ts",
    find: "if (!memory.get().undoing) await memory.save({ undoing: undoReason(error) });",
    replace: "",
    tests: ["scenarios/swap.test.ts", "scenarios/swap-and-others.test.ts", ...crashes],
  },
  {
    defect: "a message is sent before that is written down",
    file: "steps/notify-once.ts",
    find: "await save({ notified: [...notified, event] });",
    replace: "await notifier.announce({ type: 'Normal', reason: event, message: text });",
    tests: ["scenarios/rebuild.test.ts", "scenarios/resilience.test.ts", ...crashes],
  },
  {
    defect: "a step that is done is not marked so",
    file: "pipeline/engine.ts",
    find: "else await checkpoint.saveStep(step.name, { status: kind, finishedAt, output }, signal, patch);",
    replace: "else await checkpoint.saveStep(step.name, { finishedAt, output }, signal, patch);",
    tests: ["unit/pipeline/engine.test.ts"],
  },
  {
    defect: "going back forgets the steps in between",
    file: "pipeline/engine.ts",
    find: "return names.slice(names.indexOf(from), names.indexOf(to) + 1);",
    replace: "return [from, to];",
    tests: ["unit/pipeline/engine.test.ts", "scenarios/rebuild.test.ts"],
  },
  {
    defect: "a run that somebody else has written is overwritten",
    file: "pipeline/checkpoint.ts",
    find: "if (theirs !== this.#stored && theirs !== intended && stored.run !== undefined) {",
    replace: "if (theirs === intended && stored.run === undefined) {",
    tests: ["unit/pipeline/checkpoint.test.ts"],
  },
  {
    defect: "after a conflict the Lease is not looked at",
    file: "pipeline/checkpoint.ts",
    find: "    await ensureHeld();\n",
    replace: "    void ensureHeld;\n",
    tests: ["unit/pipeline/checkpoint.test.ts", "scenarios/races.test.ts"],
  },
  {
    defect: "a checkpoint's first write passes without the fence",
    file: "pipeline/checkpoint.ts",
    find: "if (!this.#isOurs) await ensureHeld();",
    replace: "if (this.#isOurs) await ensureHeld();",
    tests: ["unit/pipeline/checkpoint.test.ts", "scenarios/asleep.test.ts"],
  },
  {
    defect: "effects pass without the fence",
    file: "rebuild/guards.ts",
    find: "await lock.ensureHeld(signal);",
    replace: "void lock;",
    tests: lock,
  },
  {
    defect: "a Lease that is not fresh counts as held",
    file: "pipeline/lock.ts",
    find: "if (clock.now() - this.#renewedAt < durationMs / 2) return;",
    replace: "if (clock.now() - this.#renewedAt < durationMs * 20) return;",
    tests: lock,
  },
  {
    defect: "a Lease that another builder took is taken back",
    file: "pipeline/lock.ts",
    find: "if (stored && stored.holder !== identity) this.#lose(stored.holder);",
    replace: "",
    tests: lock,
  },
  {
    defect: "a living builder with a slow clock is succeeded at once",
    file: "pipeline/lock.ts",
    find: "return overdue && watchedMs > lease.durationMs / 2;",
    replace: "return overdue;",
    tests: lock,
  },
  {
    defect: "a dead builder is joined",
    file: "pipeline/lock.ts",
    find: "if (lease.renewedAt !== first?.renewedAt)",
    replace: "if (watchedSince < clock.now())",
    tests: lock,
  },
  {
    defect: "a deleted Lease is not taken again",
    file: "pipeline/lock.ts",
    find: "else await this.#recreate(mine);",
    replace: "else this.#lose(undefined);",
    tests: lock,
  },
  {
    defect: "a new pod of the Job begins a second rebuild after the run's end",
    file: "rebuild/open-run.ts",
    find: "return run.builders.at(-1)?.job === jobName && now",
    replace: "return run.builders.at(-1)?.job !== jobName && now",
    tests: ["scenarios/resilience.test.ts"],
  },
];
