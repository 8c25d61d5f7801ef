/** A kubectl that answers out of files, for what the plugin does with answers. It notes how it was called. */
import { chmod, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { removeFolder } from "../../tools/remove-folder.ts";

const plugin = path.resolve(import.meta.dirname, "../../../plugin/kubectl-powo");

/**
 * Files: builders (namespaces that have one), lacks (CronJobs that are not there), refused and fails (a word of a call;
 * `words` is what kubectl says then), state, pod-NAME (phase|exit code|reason), port, taken (local ports), pods and job (of
 * any Job), log, log-N (a script in place of the Nth log), create (a script that runs once a Job is created), kept (Jobs stay).
 */
const kubectl = `#!/bin/sh
cd "$FAKE"
echo "$*" >> calls
# The metrics API is down: kubectl says so each time, and succeeds.
echo "E1126 memcache.go:287] couldn't get resource list for metrics.k8s.io/v1beta1: not found, forbidden" >&2
missing() { echo "Error from server (NotFound): $1 not found" >&2; exit 1; }
[ -s refused ] && case "$*" in *"$(cat refused)"*) echo "Error from server (Forbidden): refused: role not found" >&2; exit 1 ;; esac
[ -s fails ] && case "$*" in *"$(cat fails)"*) cat words >&2; exit 1 ;; esac
while :; do case $1 in --context=* | --kubeconfig=*) shift ;; *) break ;; esac; done
case "$*" in
"config view"*) printf here ;;
*--all-namespaces*) cat builders ;;
*"get cronjob "*ENVIRONMENT*) printf prod ;;
*"get cronjob "*)
  grep -qx "$2" builders || exit 0
  for name in "$@"; do
    case $name in builder*) grep -qx "$name" lacks 2>/dev/null || echo "cronjob.batch/$name" ;; esac
  done ;;
*"create job "*) echo '{"kind": "Job"}' ;;
"patch --local"*) cat ;;
*"create -f -") cat > created; [ -e create ] && . ./create ;;
*"delete job "*) [ ! -e kept ] || exit 1 ;;
*"get job "*) cat job 2>/dev/null || printf Complete ;;
*"get pods -l batch"*) cat pods 2>/dev/null || printf pod-job ;;
*"logs pod/"*)
  echo >> logs
  n=$(($(wc -l < logs)))
  if [ -e "log-$n" ]; then . "./log-$n"; else cat log 2>/dev/null; fi ;;
*"get configmap powo-builder-prod "*) cat state 2>/dev/null || missing configmap ;;
*"get pods "*abort,rollback*) cat verbs 2>/dev/null ;;
*"get pod "*METRICS_PORT*) cat port 2>/dev/null; exit 0 ;;
*"get pod "*) cat "pod-$5" 2>/dev/null || missing pod ;;
*port-forward*)
  for last in "$@"; do :; done
  local=\${last%%:*}
  grep -qx "$local" taken 2>/dev/null && { echo "error: unable to listen on any of the requested ports" >&2; exit 1; }
  echo "Forwarding from 127.0.0.1:\${local:-45678} -> \${last#*:}"
  [ -e breaks ] && { rm breaks; echo "error: lost connection to pod"; exit 1; }
  exec /bin/sleep 60 ;;
esac
exit 0
`;
const quickSleep = "#!/bin/sh\nexec /bin/sleep 0.05\n";
const browser = '#!/bin/sh\necho "$*" >> "$FAKE/browsed"\nexit 3\n';

export async function startFakeKubectl(files: Record<string, string>) {
  const dir = await mkdtemp(path.join(tmpdir(), "powo-fake-kubectl-"));
  const write = (name: string, text: string) => writeFile(path.join(dir, name), text);
  const programs = { kubectl, sleep: quickSleep, "xdg-open": browser };
  for (const [name, text] of Object.entries({
    ...programs,
    builders: "here\n",
    "pod-pod-job": "Succeeded|0|",
    ...files,
  }))
    await write(name, text);
  for (const name of Object.keys(programs)) await chmod(path.join(dir, name), 0o755);
  const env = { PATH: `${dir}:${process.env["PATH"]}`, FAKE: dir, DISPLAY: ":0" };
  const lines = (name: string) =>
    readFile(path.join(dir, name), "utf8").then(
      (text) => text.trimEnd().split("\n"),
      () => [],
    );
  return {
    write,
    created: () => lines("created"),
    calls: () => lines("calls"),
    browsed: () => lines("browsed"),
    type: (...args: string[]) =>
      execa("sh", [plugin, ...args], { env, reject: false, timeout: 30_000, stdin: "ignore" }),
    stop: () => removeFolder(dir),
  };
}
