/** Reads the state of version 1.0, so that an upgrade in mid-run goes on with the run. */
import type { StoredState } from "./stores.ts";

type Fields = Record<string, unknown>;

/** The parts of a stored state as this version writes them; what is no state of version 1.0 is left as it is. */
export function migrate({
  run,
  history,
  attachments,
}: StoredState): Pick<StoredState, "run" | "history" | "attachments"> {
  return {
    run: isVersion1(run) ? migrateRun(run) : run,
    history: isVersion1(history) ? migrateHistory(history) : history,
    attachments: migrateAttachments(attachments),
  };
}

function isVersion1(document: unknown): document is Fields {
  return isFields(document) && document["schemaVersion"] === 1;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function without(fields: Fields, ...names: string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

function migrateRun(document: Fields): Fields {
  const { addresses, reinstall, harvest, dns, gate, pinned } = document;
  return {
    // Records of earlier releases are no proof of ownership any more, and acceptances are given to `retry`.
    ...without(document, "known", "acceptance", "addresses", ...(reinstall === null ? ["reinstall"] : [])),
    schemaVersion: 2,
    // What is none of these is left to the schema to refuse.
    ...(isFields(harvest) && { harvest: Object.entries(harvest).map(migrateList) }),
    ...(isFields(dns) && { dns: migrateSwap(dns, addresses, pinned) }),
    ...(isFields(gate) && { gate: migrateGate(gate) }),
  };
}

function migrateList([name, state]: [string, unknown]): Fields {
  return { name, ...without(state as Fields, "nextRunBefore") };
}

/** What this run has written to DNS were the addresses of its release, once the swap had begun. */
function migrateSwap({ undoing, ...swap }: Fields, addresses: unknown, pinned: unknown): Fields {
  const mappings = (isFields(pinned) ? pinned["mappings"] : []) as { name: string; service: string }[];
  const written = mappings.flatMap(({ name, service }) => {
    const address = isFields(addresses) ? addresses[service] : undefined;
    return typeof address === "string" ? [{ name, addresses: [address] }] : [];
  });
  return {
    ...swap,
    ...(swap["startedAt"] !== undefined && { written }),
    ...(isFields(undoing) && { undoing: migrateUndoing(undoing) }),
  };
}

function migrateUndoing({ kind, ...failure }: Fields): Fields {
  return { ...failure, exitCode: kind === "refused" ? 3 : 1 };
}

function migrateGate({ accepted, ...gate }: Fields): Fields {
  return isFields(accepted) ? { ...gate, accepted: without(accepted, "of") } : gate;
}

function migrateHistory({ runs, ...history }: Fields): Fields {
  return { ...history, schemaVersion: 2, runs: Array.isArray(runs) ? runs.map(migrateEntry) : runs };
}

function migrateEntry(entry: Fields): Fields {
  const { chartCommit, dataSha256, valuesDigest, secretsDigest, ...others } = entry;
  const { jobs, endedJobs, badJobs, results, gate, ...kept } = others;
  const inputs = { chartCommit, dataSha256, valuesDigest, secretsDigest };
  const known = typeof results === "number" ? { results } : undefined;
  const compared = isFields(gate) ? migrateGate(gate) : known;
  return {
    ...kept,
    inputs,
    ...(compared && { gate: compared }),
    ...(typeof jobs === "number" && jobs > 0 && { harvest: { jobs, ended: endedJobs ?? 0, bad: badJobs } }),
  };
}

/** Version 1.0 kept objects by name; its reports and evidence had another shape, and are passed over. */
function migrateAttachments({ jobs, timings, records, ...others }: Fields): Fields {
  const results = (given: Fields) =>
    Object.entries(given).map(([key, result]) => {
      const [, id = key, execution = "0"] = /^(.*)#(\d+)$/s.exec(key) ?? [];
      return [id, Number(execution), ...(result as unknown[])];
    });
  const entries = (given: unknown) => (isFields(given) ? Object.entries(given) : given);
  return {
    ...others,
    jobs: isFields(jobs) && !Array.isArray(jobs["columns"]) ? results(jobs) : jobs,
    timings: entries(timings),
    records: entries(records),
  };
}
