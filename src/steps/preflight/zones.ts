import type { Settings } from "../../config/settings.ts";
import type { RecordSet } from "../../domain/dns-records.ts";
import type { Problem } from "../../errors.ts";
import type { Ports } from "../../ports/index.ts";
import type { Check } from "./check.ts";

/** Looks whether every zone exists, holds the names mapped in it, and could take an address record for them. */
export async function checkZones(dns: Ports["dns"], { mappings }: Settings): Promise<Check<true>> {
  const zones = [...new Set(mappings.map(({ zone }) => zone))];
  const problems: Problem[] = [];
  const warnings: string[] = [];
  for (const zone of zones) {
    const names = mappings.filter((mapping) => mapping.zone === zone).map(({ name }) => name);
    const found = await dns.findZone(zone);
    if (!found) {
      problems.push({
        where: `zone "${zone}"`,
        what: "Cloud DNS has no such managed zone in G_PROJECT; correct the name",
      });
      continue;
    }
    const inside = names.filter((name) => name === found.dnsName || name.endsWith(`.${found.dnsName}`));
    for (const name of names.filter((candidate) => !inside.includes(candidate))) {
      problems.push({
        where: `name "${name}"`,
        what: `is not in zone ${zone}, which holds ${found.dnsName}; correct the name or its zone`,
      });
    }
    const records = inside.length > 0 ? await dns.findRecords(zone, inside) : [];
    problems.push(...records.filter(({ type }) => type === "CNAME").map(aliasProblem));
    for (const { name } of records.filter(({ type }) => type === "AAAA")) {
      warnings.push(`${name} also has an AAAA record, which is left as it is`);
    }
  }
  return { result: true, problems, warnings, checked: zones.length + mappings.length };
}

function aliasProblem({ name, rrdatas }: RecordSet): Problem {
  return {
    where: `name "${name}"`,
    what: `is an alias (CNAME) of ${rrdatas.join(", ")}; remove it, or map the other name`,
  };
}
