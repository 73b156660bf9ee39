import type { ImageDestination } from "@drayage/transport";

/** The destination, which takes layers as they are where it would have them compressed. */
export function layersAsTheyAre(destination: ImageDestination): ImageDestination {
  if (destination.accepts.layerCompression !== "compress") return destination;
  return {
    reference: destination.reference,
    accepts: { ...destination.accepts, layerCompression: "preserve" },
    ...(destination.reuseBlob && { reuseBlob: destination.reuseBlob.bind(destination) }),
    putBlob: (blob, options) => destination.putBlob(blob, options),
    putManifest: (bytes, options) => destination.putManifest(bytes, options),
    ...(destination.putSignatures && { putSignatures: destination.putSignatures.bind(destination) }),
    commit: (options) => destination.commit(options),
    close: () => destination.close(),
    [Symbol.asyncDispose]: () => destination.close(),
  };
}
