/** Whether every zone exists, holds the names mapped in it and could take an address record for them; then what is live. */
import { hidesAddress, kindText } from "../../domain/dns-plan.ts";
import type { RecordSet } from "../../domain/dns-records.ts";
import type { Problem } from "../../errors.ts";
import type { Task } from "../../pipeline/task.ts";
import { type LiveReading, readLive } from "../read-live.ts";
import type { Check } from "./index.ts";

export async function checkNames(task: Task): Promise<Check<LiveReading>> {
  const { mappings } = task.settings;
  const zones = Map.groupBy(mappings, ({ zone }) => zone);
  const found = await Promise.all(
    [...zones].map(([zone, mapped]) =>
      checkZone(
        task,
        zone,
        mapped.map(({ name }) => name),
      ),
    ),
  );
  const problems = found.flatMap((zone) => zone.problems);
  const warnings = found.flatMap((zone) => zone.warnings);
  // What is live is asked once the zones are known to be there: one message for one zone that is missing or away.
  const result = problems.length > 0 ? undefined : await readLive(task);
  return { result, problems, warnings, checked: zones.size + mappings.length + 1 };
}

async function checkZone(
  { ports: { dns } }: Task,
  zone: string,
  names: readonly string[],
): Promise<{ problems: Problem[]; warnings: string[] }> {
  const found = await dns.findZone(zone);
  if (!found) {
    const what = "Cloud DNS has no such managed zone in G_PROJECT; correct the name";
    return { problems: [{ where: `zone "${zone}"`, what }], warnings: [] };
  }
  const isInside = (name: string) => name === found.dnsName || name.endsWith(`.${found.dnsName}`);
  const outside = names
    .filter((name) => !isInside(name))
    .map((name) => ({
      where: `name "${name}"`,
      what: `is not in zone ${zone}, which holds ${found.dnsName}; correct the name or its zone`,
    }));
  const inside = names.filter(isInside);
  const records = inside.length > 0 ? await dns.findRecords(zone, inside) : [];
  return {
    problems: [...outside, ...records.filter(hidesAddress).map(aliasProblem)],
    warnings: records
      .filter(({ type }) => type === "AAAA")
      .map(({ name }) => `${name} also has an AAAA record, which is left as it is`),
  };
}

function aliasProblem(record: RecordSet): Problem {
  return { where: `name "${record.name}"`, what: `is ${kindText(record)}; remove it, or map the other name` };
}
