/**
 * A URL for people: without user info (but for the plain user of an ssh URL), query and fragment, which may be
 * secret. What is no URL, such as a folder or `git@host:path`, is left alone.
 */
export function shownUrl(url: string): string {
  const [, scheme, authority = "", path = "", query = ""] =
    /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)([^?#]*)(.*)$/is.exec(url) ?? [];
  if (scheme === undefined) return url;
  const at = authority.lastIndexOf("@");
  const user = authority.slice(0, Math.max(at, 0));
  const plain = /ssh/i.test(scheme) && !user.includes(":");
  const shownUser = at < 0 ? "" : `${plain ? user : "***"}@`;
  return `${scheme}${shownUser}${authority.slice(at + 1)}${path}${query === "" ? "" : "?***"}`;
}
