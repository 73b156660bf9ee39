import type { Digest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import type { ImageConfig } from "./config.ts";
import { quote } from "./json/quote.ts";
import type { LayerDescriptor } from "./types.ts";

/**
 * Checks that a config speaks of these layers: `rootfs.type` is `layers`, there is one diffID for each layer,
 * `history` (where there is one) has as many entries that made a layer, and, where they were computed,
 * the diffIDs are these.
 *
 * @throws ERR_DRAYAGE_CONFIG_INVALID
 */
export function checkConfigAgainstLayers(
  config: ImageConfig,
  layers: readonly LayerDescriptor[],
  options: { readonly diffIds?: readonly Digest[] | undefined } = {},
): void {
  const { rootfs, history } = config;
  if (rootfs === undefined) throw invalid("rootfs", "it is missing");
  if (rootfs.type !== "layers") {
    throw invalid("rootfs.type", `"layers" is expected, and it is ${quote(rootfs.type)}`);
  }
  const diffIds = rootfs.diff_ids ?? [];
  if (diffIds.length !== layers.length) {
    throw invalid("rootfs.diff_ids", `there are ${diffIds.length} for ${layers.length} layers`);
  }
  if (history !== undefined && history.length > 0) {
    const made = history.filter((entry) => entry.empty_layer !== true).length;
    if (made !== layers.length) {
      throw invalid("history", `${made} of its entries made a layer, and there are ${layers.length} layers`);
    }
  }
  const { diffIds: computed } = options;
  if (computed === undefined) return;
  if (computed.length !== diffIds.length) {
    throw invalid(
      "rootfs.diff_ids",
      `there are ${diffIds.length}, and ${computed.length} layers were computed`,
    );
  }
  for (const [i, diffId] of diffIds.entries()) {
    if (diffId !== computed[i]) {
      throw invalid(`rootfs.diff_ids[${i}]`, `it is ${diffId}, and the layer's tar has ${computed[i]}`);
    }
  }
}

function invalid(path: string, message: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_CONFIG_INVALID", `config ${path}: ${message}`);
}
