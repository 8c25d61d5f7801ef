import { rm } from "node:fs/promises";

/** Removes a test's folder; a program that was stopped a moment ago may still be writing there. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
