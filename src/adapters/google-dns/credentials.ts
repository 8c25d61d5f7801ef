/** Looks whether there are credentials at all, before the library waits 15 s for a metadata server that isn't there. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { fileTrouble } from "../../domain/words.ts";
import { ConfigError } from "../../errors.ts";
import { send } from "../http/send.ts";

const metadataUrl = "http://169.254.169.254/computeMetadata/v1/instance/";
const keyNeeded = "mount the JSON key of a service account there, or unset it and use Workload Identity";
const metadataTries = 3;
const metadataTimeoutMs = 1_500;

const keySchema = z.union([
  z.looseObject({
    type: z.literal("service_account"),
    client_email: z.string().min(1),
    private_key: z.string().includes("PRIVATE KEY"),
  }),
  z.looseObject({
    type: z.enum([
      "authorized_user",
      "external_account",
      "external_account_authorized_user",
      "impersonated_service_account",
    ]),
  }),
]);

export interface CredentialsOptions {
  /** GOOGLE_APPLICATION_CREDENTIALS. */
  keyFile?: string | undefined;
  /** Where gcloud keeps a person's own credentials; used when there is no key file. */
  personalFile?: string | undefined;
  /** Address of the metadata server, for tests. */
  metadataUrl?: string | undefined;
}

/**
 * The file with credentials, or undefined for the metadata server. Throws ConfigError when the file is no key, and when
 * there is neither file nor metadata server.
 */
export async function requireCredentials(options: CredentialsOptions): Promise<string | undefined> {
  if (options.keyFile !== undefined) {
    const problem = await checkKey(options.keyFile);
    if (problem !== undefined) throw refuse(`${options.keyFile}: ${problem}; ${keyNeeded}`);
    return options.keyFile;
  }
  const { personalFile } = options;
  if (personalFile !== undefined && (await checkKey(personalFile)) === undefined) return personalFile;
  if (await hasMetadataServer(options.metadataUrl ?? metadataUrl)) return undefined;
  throw refuse(
    "is not set, and there is no metadata server; name a service-account key, or use Workload Identity",
  );
}

async function checkKey(file: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    return fileTrouble(error);
  }
  try {
    return keySchema.safeParse(JSON.parse(text)).success ? undefined : "is not a key of Google Cloud";
  } catch {
    return "is not JSON";
  }
}

/** Just after a pod's start on GKE the first question may stay without answer. */
async function hasMetadataServer(url: string): Promise<boolean> {
  for (let attempt = 0; attempt < metadataTries; attempt += 1) {
    try {
      const answer = await send({
        method: "GET",
        url,
        headers: { "Metadata-Flavor": "Google" },
        idleTimeoutMs: metadataTimeoutMs,
        totalTimeoutMs: metadataTimeoutMs,
        maxBytes: 1024 * 1024,
        direct: true,
      });
      return answer.headers["metadata-flavor"] === "Google";
    } catch {
      // Asked again.
    }
  }
  return false;
}

function refuse(what: string): ConfigError {
  return new ConfigError([{ where: "GOOGLE_APPLICATION_CREDENTIALS", what }]);
}
