import { type RunOptions, skopeo } from "@drayage-internal/peers/run";
import { sha256 } from "./hash.ts";

/** What an image is, whatever format it is kept in. */
export interface Identity {
  readonly config: string;
  readonly diffIds: readonly string[];
}

/** An image's identity as skopeo reads it. */
export async function identityBySkopeo(reference: string, options?: RunOptions): Promise<Identity> {
  const { bytes, stdout } = await skopeo(["inspect", "--config", "--raw", reference], options);
  const { rootfs } = JSON.parse(stdout) as { rootfs: { diff_ids: string[] } };
  return { config: sha256(bytes), diffIds: rootfs.diff_ids };
}
