import { closestMatch } from "leven";

/** `did you mean NAME?`, of the candidate that differs in the fewest letters, if it is close enough to be a slip of the pen. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(word);
  const known = [...candidates].map((candidate) => ({ candidate, plain: plain(candidate) }));
  const maxDistance = Math.max(1, Math.floor(wanted.length / 3));
  const found = closestMatch(
    wanted,
    known.map((one) => one.plain),
    { maxDistance },
  );
  const meant = known.find((one) => one.plain === found);
  return meant && `did you mean ${meant.candidate}?`;
}

function plain(word: string): string {
  return word.slice(0, 100).toLowerCase().replaceAll(/[-_]/g, "");
}
