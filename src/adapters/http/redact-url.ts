/** A URL as it may be shown: without user, password, query and fragment, all of which may be secret. */
export function redactUrl(url: string | URL): string {
  const parsed = typeof url === "string" ? URL.parse(url) : url;
  if (!parsed) return "(not a URL)";
  const credentials = parsed.username !== "" || parsed.password !== "" ? "***@" : "";
  const query = parsed.search === "" ? "" : "?***";
  return `${parsed.protocol}//${credentials}${parsed.host}${parsed.pathname}${query}`;
}

/** Takes the credentials out of a URL: the bare URL, and the Authorization header that they mean. */
export function splitCredentials(url: URL): { bare: URL; authorization: string | undefined } {
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  bare.hash = "";
  if (url.username === "" && url.password === "") return { bare, authorization: undefined };
  return {
    bare,
    authorization: basicAuthorization(decode(url.username), decode(url.password)),
  };
}

/** The Authorization header of HTTP basic authentication. */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** Percent-decodes; what isn't valid percent-encoding is meant literally. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
