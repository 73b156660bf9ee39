import type { SampleImage, SampleIndex } from "@drayage/testkit";
import type { RegistryFolder } from "./registry-folder.ts";

/** Puts a sample, with all that belongs to it, into a repository of a registry's folder. */
export function putSample(
  registry: RegistryFolder,
  { repository, tag }: { readonly repository: string; readonly tag?: string | undefined },
  sample: SampleImage | SampleIndex,
): void {
  if (sample.kind === "index") {
    for (const image of sample.images) putSample(registry, { repository }, image);
  } else {
    for (const { bytes } of [sample.config, ...sample.layers]) registry.blob(repository, bytes);
  }
  registry.manifest(repository, sample.manifest.bytes, tag);
}

/** Bytes of all blobs of an image. */
export function blobBytesOf({ config, layers }: SampleImage): number {
  return [config, ...layers].reduce((sum, { bytes }) => sum + bytes.length, 0);
}
