import type { Blob } from "@drayage/blob";
import type { UnpackOptions } from "./options.ts";
import { unpackLayer } from "./unpack-layer.ts";
import type { Unpacked } from "./unpacked.ts";

/**
 * Unpacks the layers of an image, the lowest first, into one folder, as a container would see them.
 *
 * @throws what {@link unpackLayer} throws
 */
export async function unpackImage(
  layers: Iterable<Blob>,
  options: Omit<UnpackOptions, "whiteouts" | "tarSplitPath">,
): Promise<readonly Unpacked[]> {
  const unpacked: Unpacked[] = [];
  for (const layer of layers) unpacked.push(await unpackLayer(layer, options));
  return unpacked;
}
