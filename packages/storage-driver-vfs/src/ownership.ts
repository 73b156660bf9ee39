import type { IdMapping } from "@drayage/storage";
import type { UnpackSettings } from "@drayage/unpack";
import type { VfsOptions } from "./options.ts";

/**
 * How owners, modes and types of files are kept: by the file system (`real`), or in the attribute `user.containers.override_stat`,
 * with all files being ours (`attribute`).
 */
export type Ownership =
  | { readonly kind: "real"; readonly ignoreErrors: boolean }
  | { readonly kind: "attribute"; readonly mode: number };

/** Who is not root cannot give files away, nor make devices. */
export function ownershipFor({ forceMask, ignoreChownErrors }: VfsOptions): Ownership {
  if (forceMask !== undefined) return { kind: "attribute", mode: forceMask };
  if (process.geteuid?.() !== 0) return { kind: "attribute", mode: 0o700 };
  return { kind: "real", ignoreErrors: ignoreChownErrors };
}

export function unpackSettings(ownership: Ownership): Pick<UnpackSettings, "ownership" | "forceMask"> {
  if (ownership.kind === "attribute") return { ownership: "none", forceMask: ownership.mode };
  return { ownership: ownership.ignoreErrors ? "try" : "chown" };
}

/** The id outside for root inside. */
export function rootId(map: readonly IdMapping[] = []): number {
  const range = map.find(({ containerId, size }) => containerId <= 0 && 0 < containerId + size);
  return range === undefined ? 0 : range.hostId - range.containerId;
}
