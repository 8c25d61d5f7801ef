import { closestMatch } from "leven";

/** The candidate that differs from `word` in the fewest letters, if it is close enough to be a slip of the pen. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(word);
  const known = [...candidates].map((candidate) => ({ candidate, plain: plain(candidate) }));
  const maxDistance = Math.max(1, Math.floor(wanted.length / 3));
  const found = closestMatch(
    wanted,
    known.map((one) => one.plain),
    { maxDistance },
  );
  return known.find((one) => one.plain === found)?.candidate;
}

function plain(word: string): string {
  return word.slice(0, 100).toLowerCase().replaceAll(/[-_]/g, "");
}
