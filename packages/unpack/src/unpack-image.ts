import { type Blob, holdWorkers } from "@drayage/blob";
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
  options: Omit<UnpackOptions, "whiteouts" | "tarSplitPath" | "alone">,
): Promise<readonly Unpacked[]> {
  using _hold = holdWorkers();
  const unpacked: Unpacked[] = [];
  for (const layer of layers) unpacked.push(await unpackLayer(layer, { ...options, alone: true }));
  return unpacked;
}
