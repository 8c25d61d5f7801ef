/** Notes on a release's namespace what became of it: live since, replaced at, kept until. */
import { annotations } from "../domain/names.ts";
import type { Ports } from "../ports/index.ts";

/**
 * Annotates the namespace of a release, if there is one. One that carries the keep annotation is left as it is: it is
 * protected from every deletion already, and the builder's rights end there.
 */
export async function markRelease(
  cluster: Ports["cluster"],
  name: string,
  marks: Record<string, string | null>,
): Promise<void> {
  const namespace = await cluster.findNamespace(name);
  if (!namespace || annotations.keep in namespace.annotations) return;
  await cluster.annotateNamespace(name, marks);
}
