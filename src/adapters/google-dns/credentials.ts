/** Looks at GOOGLE_APPLICATION_CREDENTIALS before Google's library does, whose errors may quote the key. */
import { readFile } from "node:fs/promises";
import * as z from "zod";
import { parseJson } from "../../domain/json.ts";
import { fileTrouble } from "../../domain/words.ts";
import { ConfigError } from "../../errors.ts";

const keySchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("service_account"),
    client_email: z.string().min(1),
    private_key: z.string().includes("PRIVATE KEY"),
  }),
  z.object({ type: z.enum(["authorized_user", "impersonated_service_account"]) }),
  z.object({ type: z.enum(["external_account", "external_account_authorized_user"]) }),
]);

/** Keys of what is secret in a key file. */
export const secretKeys = /(private_key|private_key_id|client_secret|refresh_token)$/;

/** The text of a key file of Google Cloud, empty without a file. Throws ConfigError, which quotes nothing of it, when it is not a key. */
export async function readKey(file: string | undefined): Promise<string> {
  if (file === undefined) return "";
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw refuse(file, fileTrouble(error));
  });
  if (keySchema.safeParse(parseJson(text)).success) return text;
  throw refuse(file, "is not a JSON key of Google Cloud");
}

function refuse(file: string, problem: string): ConfigError {
  const remedy = "mount the JSON key of a service account there, or unset it and use Workload Identity";
  const where = "GOOGLE_APPLICATION_CREDENTIALS";
  return new ConfigError([{ where, what: `${file}: ${problem}; ${remedy}` }]);
}
