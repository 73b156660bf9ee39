import { acceptablePlatforms, parseConfig } from "@drayage/manifest";
import type { ImageRecord, Store } from "@drayage/storage";
import type { CreateContainerOptions } from "./options.ts";
import { readStoredDocuments } from "./stored-documents.ts";

/** Whether an image of the store is for the platform that is asked for; where none is asked for, any will do. */
export async function suitsPlatform(
  store: Store,
  image: ImageRecord,
  { platform, signal }: CreateContainerOptions,
): Promise<boolean> {
  if (platform === undefined) return true;
  const { config } = await readStoredDocuments(store, image, { signal, platform });
  if (config.length === 0) return true;
  const { os, architecture, variant } = parseConfig(config);
  return acceptablePlatforms(platform).some(
    (wish) =>
      wish.os === os &&
      wish.architecture === architecture &&
      (platform.variant === undefined || (wish.variant ?? "") === (variant ?? "")),
  );
}
