/** Who may log in to Google: one service account with its keys, a workload that may act as it, and all access tokens. */
import { randomBytes } from "node:crypto";
import { createSigningKey, signJwt, type SigningKey } from "./jwt.ts";

export const scopes = {
  platform: "https://www.googleapis.com/auth/cloud-platform",
  dns: "https://www.googleapis.com/auth/ndev.clouddns.readwrite",
};

export interface AccessToken {
  value: string;
  /** The service account's address, or the workload's principal. */
  holder: string;
  scopes: readonly string[];
  issuedAt: number;
  expiresAt: number;
  isRevoked: boolean;
}

/** What a service account's key file holds. */
interface ServiceAccountKey {
  type: "service_account";
  project_id: string;
  private_key_id: string;
  private_key: string;
  client_email: string;
  client_id: string;
  token_uri: string;
}

const subject = "system:serviceaccount:builder:powo-builder";
const pool = "projects/481516234200/locations/global/workloadIdentityPools/cluster";

export class Identity {
  readonly project: string;
  readonly email: string;
  /** Of the identity provider of the workload. */
  readonly audience = `//iam.googleapis.com/${pool}/providers/kubernetes`;
  readonly issuer = "https://kubernetes.default.svc";
  readonly principal = `principal://iam.googleapis.com/${pool}/subject/${subject}`;
  /** Those that Google accepts: a key that is deleted leaves the list. */
  keys: SigningKey[] = [];
  #workloadKey: SigningKey | undefined;
  /** All that were ever given out, the oldest first. */
  readonly tokens: AccessToken[] = [];
  /** Of tokens given out from now on. */
  tokenLifetimeSeconds = 3_600;
  /** Every private key and signed token that ever was: none of it may be shown by anybody. */
  readonly #secrets: string[] = [];

  constructor(project: string) {
    this.project = project;
    this.email = `builder@${project}.iam.gserviceaccount.com`;
  }

  /** A new key beside those that there are. */
  createKey(): ServiceAccountKey {
    const key = createSigningKey();
    this.keys.push(key);
    for (const line of key.pem.split("\n").slice(1)) this.keepSecret(line);
    return {
      type: "service_account",
      project_id: this.project,
      private_key_id: randomBytes(20).toString("hex"),
      private_key: key.pem,
      client_email: this.email,
      client_id: "104729104729104729104",
      token_uri: "https://oauth2.googleapis.com/token",
    };
  }

  /** Of the identity provider; made when somebody asks for it. */
  get workloadKey(): SigningKey {
    return (this.#workloadKey ??= createSigningKey());
  }

  /** What Kubernetes would project into the workload's pod. */
  createWorkloadToken(): string {
    const iat = nowSeconds();
    const claims = { iss: this.issuer, sub: subject, aud: [this.audience], iat, exp: iat + 3_600 };
    return this.keepSecret(signJwt(claims, this.workloadKey));
  }

  /** A token that is good from now on. */
  issue(
    holder: string,
    granted: readonly string[],
    lifetimeSeconds = this.tokenLifetimeSeconds,
  ): AccessToken {
    const issuedAt = Date.now();
    const token = {
      ...{ value: `ya29.c.${randomBytes(48).toString("base64url")}`, holder, scopes: granted, issuedAt },
      ...{ expiresAt: issuedAt + lifetimeSeconds * 1_000, isRevoked: false },
    };
    this.tokens.push(token);
    return token;
  }

  /** Those that are good now are refused from now on. */
  revokeTokens(): void {
    for (const token of this.tokens) token.isRevoked = true;
  }

  /** What is shorter than a line of a key might stand in any log. */
  keepSecret(text: string): string {
    if (text.length >= 64) this.#secrets.push(text);
    return text;
  }

  /** Private keys line by line, access tokens, and every signed token that was shown to Google. */
  secrets(): string[] {
    return [...this.#secrets, ...this.tokens.map(({ value }) => value)];
  }
}

export const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

export const isGood = ({ expiresAt, isRevoked }: AccessToken): boolean =>
  !isRevoked && Date.now() < expiresAt;
