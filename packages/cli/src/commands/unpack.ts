import { type Blob, inflated } from "@drayage/blob";
import type { Digest } from "@drayage/digest";
import { DrayageError, withSide } from "@drayage/errors";
import { isIndexMediaType, type LayerDescriptor, manifestDigest, parseConfig } from "@drayage/manifest";
import { type Unpacked, unpackImage } from "@drayage/unpack";
import type { DrayContext } from "../context.ts";
import { type OpenedImage, openImageAt } from "../image-layers.ts";
import { newFolder } from "../new-folder.ts";
import { readTrustPolicy } from "../policy.ts";
import { createReporter, type Reporter } from "../progress/reporter.ts";
import { resolveSource, type SourceLocation } from "../source-location.ts";
import { warn } from "../source-options.ts";
import type { UnpackFlags } from "./unpack.command.ts";

/** `dray unpack` */
export async function unpack(
  this: DrayContext,
  flags: UnpackFlags,
  text: string,
  path: string,
): Promise<void> {
  await using folder = await newFolder(path);
  const trust = await readTrustPolicy(this, flags);
  const location = await resolveSource(this, flags, { text, what: "unpack" });
  await using opened = await openImageAt(this, flags, location);
  await admitted(opened, trust(location), this.signal);
  const layers = await layerBlobs(opened, location, this.signal);
  const reporter = createReporter(this, {
    style: flags.quiet ? "none" : (flags.progress ?? "auto"),
    verb: "Unpacking",
  });
  let unpacked: readonly Unpacked[];
  try {
    unpacked = await unpackReported(layers, reporter, {
      root: folder.path,
      ...ownersOf(flags),
      signal: this.signal,
    });
  } finally {
    reporter.end();
  }
  const skipped = unpacked.reduce((sum, { skippedDevices }) => sum + skippedDevices, 0);
  if (skipped > 0) warn(this, `devices were left out, as only root can make them: ${skipped}`);
  await folder.commit();
}

/** What nobody says is left to the library: root sets owners and makes devices, others do not. */
function ownersOf({
  rootless,
}: UnpackFlags): Pick<Parameters<typeof unpackImage>[1], "ownership" | "devices"> {
  if (rootless === undefined) return {};
  return rootless ? { ownership: "none", devices: "skip" } : { ownership: "chown", devices: "make" };
}

/** Asks the trust policy of the manifest, and of the index that it was chosen from, as a copy does. */
async function admitted(
  { source, image }: OpenedImage,
  admit: ReturnType<Awaited<ReturnType<typeof readTrustPolicy>>>,
  signal: AbortSignal,
): Promise<void> {
  const ask = async (instance: Digest | undefined): Promise<string> => {
    const { bytes, mediaType } = await source.manifest(instance, { signal });
    const digest = instance ?? manifestDigest(bytes);
    await admit({ source, instance, digest, manifest: { bytes, mediaType } }, { signal });
    return mediaType;
  };
  try {
    if (isIndexMediaType(await ask(undefined))) await ask(image.digest);
  } catch (error) {
    throw withSide(error, "source");
  }
}

interface LayerToUnpack {
  readonly descriptor: LayerDescriptor;
  readonly blob: Blob;
}

/** The layers as tars, the lowest first, of which the config says the digests. */
async function layerBlobs(
  { source, image, layers }: OpenedImage,
  { text }: SourceLocation,
  signal: AbortSignal,
): Promise<readonly LayerToUnpack[]> {
  const filled = layers.filter(({ emptyLayer }) => emptyLayer !== true);
  const diffIds = image.config === undefined ? undefined : parseConfig(image.config).rootfs?.diff_ids;
  if (diffIds !== undefined && diffIds.length !== filled.length) {
    throw new DrayageError(
      "ERR_DRAYAGE_MANIFEST_INVALID",
      `${text}: the config is of ${diffIds.length} layers, the manifest has ${filled.length}`,
    );
  }
  return Promise.all(
    filled.map(async (descriptor, at) => {
      if (descriptor.mediaType.endsWith("+encrypted")) {
        throw new DrayageError(
          "ERR_DRAYAGE_MANIFEST_UNSUPPORTED",
          `${text}: the layer ${descriptor.digest} is encrypted`,
        );
      }
      const blob = await source.blob(descriptor, { signal });
      return { descriptor, blob: inflated(blob, { digest: diffIds?.[at] }) };
    }),
  );
}

/** Unpacks the layers, and tells of each while it is on its way. */
async function unpackReported(
  layers: readonly LayerToUnpack[],
  reporter: Reporter,
  options: Parameters<typeof unpackImage>[1],
): Promise<readonly Unpacked[]> {
  let report: ((state: "start" | "bytes" | "done", bytes?: number) => void) | undefined;
  function* reported(): Generator<Blob, void, undefined> {
    for (const { descriptor, blob } of layers) {
      const size = descriptor.size < 0 ? undefined : descriptor.size;
      report = (state, bytes) =>
        reporter.report({ type: "blob", kind: "layer", digest: descriptor.digest, size, state, bytes });
      report("start");
      yield blob;
      // It is asked for the next one when this one is unpacked.
      report("done");
    }
  }
  return unpackImage(reported(), { ...options, onBytes: (total) => report?.("bytes", total) });
}
