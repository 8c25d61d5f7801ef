/** Signed tokens (JWT, RS256) as service accounts and identity providers make them. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from "node:crypto";

export interface SigningKey {
  /** PEM (PKCS #8). */
  pem: string;
  publicKey: KeyObject;
}

export type Claims = Record<string, unknown>;

export function createSigningKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  return { pem: privateKey, publicKey: createPublicKey(publicKey) };
}

export function signJwt(claims: Claims, { pem }: SigningKey): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const signed = `${encode({ alg: "RS256", typ: "JWT" })}.${encode(claims)}`;
  return `${signed}.${sign("RSA-SHA256", Buffer.from(signed), createPrivateKey(pem)).toString("base64url")}`;
}

/** The claims, and whether one of the keys signed them; undefined for what is no such token. */
export function readJwt(
  token: string,
  keys: readonly SigningKey[],
): { claims: Claims; isSigned: boolean } | undefined {
  const [header = "", payload = "", signature = "", ...rest] = token.split(".");
  const [parsedHeader, claims] = [header, payload].map(parsePart);
  if (rest.length > 0 || !claims || parsedHeader?.["alg"] !== "RS256") return undefined;
  const signed = Buffer.from(`${header}.${payload}`);
  const bytes = Buffer.from(signature, "base64url");
  const isSigned = keys.some(({ publicKey }) => verify("RSA-SHA256", signed, publicKey, bytes));
  return { claims, isSigned };
}

function parsePart(part: string): Claims | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    return typeof parsed === "object" && parsed !== null ? (parsed as Claims) : undefined;
  } catch {
    return undefined;
  }
}
