import { bytesBlob } from "@drayage/blob";
import { type Digest, digestBytes } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { type Descriptor, encodeGoJson, mediaTypes } from "@drayage/manifest";
import type { SampleImage, SampleManifest } from "@drayage/testkit";
import {
  defineTransport,
  type ImageSource,
  type Location,
  type RawManifest,
  type SourceOptions,
} from "@drayage/transport";

/** A place that writes down what is done to it. */
export interface TestPlace extends Location {
  readonly opened: () => number;
  readonly closed: () => number;
  /** What it was asked for: `manifest`, `manifest sha256:…`, `blob sha256:…`. */
  readonly asked: readonly string[];
  readonly options: readonly SourceOptions[];
}

export interface TestPlaceOptions {
  readonly images?: readonly SampleImage[] | undefined;
  readonly documents?: readonly RawManifest[] | undefined;
  /** The first document or image where absent. */
  readonly own?: RawManifest | undefined;
  readonly source?: Partial<ImageSource> | undefined;
  readonly failsToOpen?: Error | undefined;
  readonly failsToClose?: Error | undefined;
  /** What it answers to whatever manifest it is asked for. */
  readonly lie?: RawManifest | undefined;
  readonly beforeOpen?: ((options: SourceOptions) => Promise<void>) | undefined;
}

let count = 0;

export function testPlace(options: TestPlaceOptions): TestPlace {
  const images = options.images ?? [];
  const documents = new Map<Digest, RawManifest>(
    [...(options.documents ?? []), ...images.map(({ manifest }) => manifest)].map((document) => [
      digestBytes(document.bytes),
      document,
    ]),
  );
  const blobs = new Map(
    images
      .flatMap(({ config, layers }) => [config, ...layers])
      .map((each) => [each.descriptor.digest, each.bytes]),
  );
  const [first] = documents.values();
  const own = options.own ?? first;
  const asked: string[] = [];
  const given: SourceOptions[] = [];
  let opened = 0;
  let closed = 0;
  const text = `place-${count++}`;
  const reference = { text };
  const open = async (sourceOptions: SourceOptions = {}): Promise<ImageSource> => {
    given.push(sourceOptions);
    await options.beforeOpen?.(sourceOptions);
    if (options.failsToOpen !== undefined) throw options.failsToOpen;
    opened += 1;
    const close = async (): Promise<void> => {
      closed += 1;
      if (options.failsToClose !== undefined) throw options.failsToClose;
    };
    return {
      reference,
      async manifest(instance, { signal } = {}) {
        signal?.throwIfAborted();
        asked.push(instance === undefined ? "manifest" : `manifest ${instance}`);
        const found = options.lie ?? (instance === undefined ? own : documents.get(instance));
        if (found === undefined) throw new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `${text}: nothing`);
        return found;
      },
      async blob({ digest, size }) {
        asked.push(`blob ${digest}`);
        const bytes = blobs.get(digest);
        if (bytes === undefined)
          throw new DrayageError("ERR_DRAYAGE_BLOB_NOT_FOUND", `${text}: no ${digest}`);
        return bytesBlob(bytes, { digest, size });
      },
      close,
      [Symbol.asyncDispose]: close,
      ...options.source,
    };
  };
  const transport = defineTransport({
    scheme: "test-place",
    summary: "for tests",
    syntax: "x",
    parse: () => reference,
    openSource: (_, sourceOptions) => open(sourceOptions),
  });
  return {
    transport,
    reference,
    text: `test-place:${text}`,
    opened: () => opened,
    closed: () => closed,
    asked,
    options: given,
  };
}

/** An OCI index of these manifests. */
export function indexOf(
  entries: readonly {
    readonly bytes: Uint8Array;
    readonly mediaType: string;
    readonly platform?: Descriptor["platform"];
  }[],
): SampleManifest {
  const bytes = encodeGoJson({
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: entries.map((entry) => ({
      mediaType: entry.mediaType,
      digest: digestBytes(entry.bytes),
      size: entry.bytes.length,
      platform: entry.platform,
    })),
  });
  return { bytes, mediaType: mediaTypes.ociIndex, digest: digestBytes(bytes) };
}

export async function open(location: Location, options: SourceOptions = {}): Promise<ImageSource> {
  if (location.transport.openSource === undefined) throw new Error("it can be read");
  return location.transport.openSource(location.reference, options);
}
