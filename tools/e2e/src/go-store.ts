import { createHash } from "node:crypto";
import type { SharedStore } from "./shared-store.ts";

/** What containers/storage itself lists. */
export async function idsByGo(
  shared: SharedStore,
  kind: "containers" | "images" | "layers",
): Promise<readonly string[]> {
  const { stdout } = await shared.containersStorage([kind, "--json"]);
  return ((JSON.parse(stdout) ?? []) as { id: string }[]).map(({ id }) => id);
}

/** The digest of a layer's tar, as containers/storage puts it together. */
export async function diffIdByGo(shared: SharedStore, layer: string): Promise<string> {
  const { bytes } = await shared.containersStorage(["diff", "--uncompressed", layer]);
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
