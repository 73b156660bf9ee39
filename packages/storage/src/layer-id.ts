import { createHash, randomBytes } from "node:crypto";
import { type Digest, digestHex } from "@drayage/digest";

/**
 * The id that containers/image gives to a layer, so that all tools find each other's: the diffID's hex for a base, else the SHA-256 of
 * `<parent's id>+<diffID's hex>`. It is no ChainID of OCI.
 */
export function layerIdOf(parent: string | undefined, diffId: Digest): string {
  const hex = digestHex(diffId);
  if (parent === undefined) return hex;
  return createHash("sha256").update(`${parent}+${hex}`).digest("hex");
}

/** 64 hex digits by chance. */
export function randomId(): string {
  return randomBytes(32).toString("hex");
}
