/** Where access tokens come from: a signed assertion of a key, an exchange of a foreign token, impersonation. */
import { isGood, nowSeconds, scopes, type AccessToken, type Identity } from "./identity.ts";
import { readJwt, type Claims } from "./jwt.ts";
import { apiError, oauthError, ok, type Reply } from "./reply.ts";

const maxAssertionSeconds = 3_600;
/** How far ahead of Google's a client's clock may be. */
const clockSkewSeconds = 300;
const knownScopes = new Set(Object.values(scopes));

/** `POST https://oauth2.googleapis.com/token`: a JWT signed with a key of the service account (RFC 7523). */
export function grantByAssertion(identity: Identity, form: URLSearchParams): Reply {
  if (form.get("grant_type") !== "urn:ietf:params:oauth:grant-type:jwt-bearer")
    return oauthError("unsupported_grant_type", `Invalid grant_type: ${form.get("grant_type")}`);
  const assertion = identity.keepSecret(form.get("assertion") ?? "");
  const jwt = readJwt(assertion, identity.keys);
  if (!jwt) return oauthError("invalid_grant", "Bad Request");
  const { claims, isSigned } = jwt;
  if (claims["iss"] !== identity.email)
    return oauthError("invalid_grant", "Invalid grant: account not found");
  if (!isSigned) return oauthError("invalid_grant", "Invalid JWT Signature.");
  if (claims["aud"] !== "https://oauth2.googleapis.com/token")
    return oauthError("invalid_grant", "Invalid JWT: Failed audience check.");
  if (!isShortLived(claims))
    return oauthError("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes)");
  const wanted = typeof claims["scope"] === "string" ? claims["scope"].split(" ") : [];
  if (!areKnown(wanted)) return oauthError("invalid_scope", "Invalid OAuth scope.");
  const token = identity.issue(identity.email, wanted);
  return ok({ access_token: token.value, expires_in: secondsOf(token), token_type: "Bearer" });
}

/** `POST https://sts.googleapis.com/v1/token`: a workload's own token for one of Google's (RFC 8693). */
export function exchangeToken(identity: Identity, form: URLSearchParams): Reply {
  const expected = {
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    audience: identity.audience,
  };
  for (const [name, value] of Object.entries(expected)) {
    if (form.get(name) !== value) return oauthError("invalid_request", `Invalid value for "${name}".`);
  }
  const jwt = readJwt(form.get("subject_token") ?? "", [identity.workloadKey]);
  if (!jwt?.isSigned) return oauthError("invalid_grant", "The subject token could not be verified.");
  const { iss, aud } = jwt.claims;
  if (iss !== identity.issuer || !Array.isArray(aud) || !aud.includes(identity.audience))
    return oauthError("invalid_grant", "The issuer or the audience of the subject token does not match.");
  if (!isShortLived(jwt.claims)) return oauthError("invalid_grant", "The subject token is expired.");
  const wanted = (form.get("scope") ?? "").split(" ");
  if (!areKnown(wanted)) return oauthError("invalid_scope", "Invalid OAuth scope.");
  const token = identity.issue(identity.principal, wanted);
  return ok({
    access_token: token.value,
    issued_token_type: expected.requested_token_type,
    token_type: "Bearer",
    expires_in: secondsOf(token),
  });
}

/** `POST https://iamcredentials.googleapis.com/v1/…:generateAccessToken`: a token of the account for one of the workload. */
export function impersonate(
  identity: Identity,
  { path, token, body }: { path: string; token: AccessToken; body: string },
): Reply {
  const account = /^\/v1\/projects\/-\/serviceAccounts\/([^/:]+):generateAccessToken$/.exec(path)?.[1];
  if (account === undefined || decodeURIComponent(account) !== identity.email)
    return apiError(404, "notFound", "Requested entity was not found.");
  if (token.holder !== identity.principal)
    return apiError(403, "forbidden", "Permission 'iam.serviceAccounts.getAccessToken' denied on resource");
  if (!token.scopes.includes(scopes.platform)) return insufficientScope();
  const { scope, lifetime = "3600s" } = JSON.parse(body) as { scope?: string[]; lifetime?: string };
  const seconds = Number(/^(\d+)s$/.exec(lifetime)?.[1]);
  if (!scope || !areKnown(scope) || !(seconds > 0 && seconds <= maxAssertionSeconds))
    return apiError(400, "badRequest", "Request contains an invalid argument.");
  const issued = identity.issue(identity.email, scope, Math.min(seconds, identity.tokenLifetimeSeconds));
  // Without fractions of a second, as Google writes it.
  const expireTime = new Date(issued.expiresAt).toISOString().replace(/\.\d+Z$/, "Z");
  return ok({ accessToken: issued.value, expireTime });
}

/** The token that a request bears, or the refusal that Google's APIs answer with. */
export function requireToken(identity: Identity, authorization: string | undefined): AccessToken | Reply {
  const value = /^Bearer (\S+)$/.exec(authorization ?? "")?.[1];
  if (value === undefined)
    return apiError(401, "required", "Request is missing required authentication credential.");
  const token = identity.tokens.find((known) => known.value === value);
  if (!token || !isGood(token))
    return apiError(401, "authError", "Request had invalid authentication credentials.");
  return token;
}

export const insufficientScope = (): Reply =>
  apiError(403, "insufficientPermissions", "Request had insufficient authentication scopes.");

const areKnown = (wanted: readonly string[]): boolean =>
  wanted.length > 0 && wanted.every((scope) => knownScopes.has(scope));

const secondsOf = ({ issuedAt, expiresAt }: AccessToken): number => (expiresAt - issuedAt) / 1_000;

function isShortLived({ iat, exp }: Claims): boolean {
  const now = nowSeconds();
  if (typeof iat !== "number" || typeof exp !== "number") return false;
  return iat <= now + clockSkewSeconds && exp > now && exp - iat <= maxAssertionSeconds;
}
