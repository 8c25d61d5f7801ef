/** What to type: complete, with the namespace, ready to be copied; for people who have only kubectl, unless it says otherwise. */

/** `kubectl create job abort-1 --from=cronjob/builder-abort -n builder-prod`; where no namespace is known, without. */
export function verbCommand(verb: string, namespace: string | undefined, job = `${verb}-1`): string {
  const cronJob = verb === "run" ? "builder" : `builder-${verb}`;
  return `kubectl create job ${job} --from=cronjob/${cronJob}${namespace === undefined ? "" : ` -n ${namespace}`}`;
}

/** The command for a direct update of a live release, until the next rebuild. */
export function directUpdate(release: string, environment: string): string {
  return `helm upgrade -n ${release} -f secrets.yaml -f powo/${environment}.yaml ${release} powo/`;
}

/** With the plugin: `kubectl powo abort -n builder-prod`. */
export function pluginCommand(verb: string, namespace: string | undefined): string {
  return `kubectl powo ${verb}${namespace === undefined ? "" : ` -n ${namespace}`}`;
}

/** Follows what a builder says: its Job, its pod where the Job isn't known, or its process outside the cluster. */
export function followCommand(
  { name, job }: { name: string; job?: string | undefined },
  namespace: string,
): string {
  if (job !== undefined) return `kubectl logs -f -n ${namespace} job/${job}`;
  // Names of pods have no underscore: this one is `<host name>_<process id>`.
  const [host, pid] = name.split("_");
  if (pid !== undefined) return `powo-builder status --watch # process ${pid} on ${host ?? ""}`;
  return `kubectl logs -f -n ${namespace} pod/${name}`;
}
