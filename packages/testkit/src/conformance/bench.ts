import { mediaTypes } from "@drayage/manifest";
import type {
  DestinationAccepts,
  DestinationOptions,
  ImageDestination,
  ImageReference,
  ImageSource,
  SourceOptions,
  Transport,
} from "@drayage/transport";
import { requireAbility } from "@drayage/transport";
import { type ImageOptions, randomImage, type SampleFormat, type SampleImage } from "../image.ts";
import { writeImage } from "../write-image.ts";
import { orTimeout } from "./or-timeout.ts";
import { Skip } from "./skip.ts";
import type { CaseOptions, TransportFixture } from "./types.ts";

/** What a case works with: the transport, and ways to open it that clean up after themselves. */
export interface Bench {
  readonly transport: Transport;
  readonly traits: {
    readonly manifests: "kept" | "made";
    readonly layers: "kept" | "unpacked";
    readonly overwriting: "replaces" | "refuses";
  };
  readonly references: { readonly valid: readonly string[]; readonly invalid: readonly string[] };
  readonly fixture: TransportFixture;
  /** A reference to where nothing is. */
  reference(): ImageReference;
  /** Opened, and closed after the case. */
  source(reference: ImageReference, options?: SourceOptions): Promise<ImageSource>;
  destination(reference: ImageReference, options?: DestinationOptions): Promise<ImageDestination>;
  /** What destinations of the transport take. */
  accepts(): Promise<DestinationAccepts>;
  /** A sample that destinations take as it is; always the same for the same seed. */
  sample(options?: Partial<ImageOptions>): Promise<SampleImage>;
  /** Writes a sample to a new place. */
  written(
    sample?: SampleImage,
  ): Promise<{ readonly reference: ImageReference; readonly sample: SampleImage }>;
  /** A reference to an image that is there, written or brought by the fixture. */
  present(): Promise<ImageReference>;
  snapshot(): Promise<unknown>;
  /** Settles as the promise does, or is rejected when it took too long. */
  soon<T>(promise: Promise<T>): Promise<T>;
  /** Ends the case: there is nothing to test. */
  skip(reason: string): never;
}

export function createBench(
  fixture: TransportFixture,
  { traits = {}, references = {}, patience = 10_000 }: CaseOptions,
): { readonly bench: Bench; close(): Promise<void> } {
  const { transport } = fixture;
  const opened: { close(): Promise<void> }[] = [];
  let taken: DestinationAccepts | undefined;

  const bench: Bench = {
    transport,
    fixture,
    traits: {
      manifests: traits.manifests ?? "kept",
      layers: traits.layers ?? "kept",
      overwriting: traits.overwriting ?? "replaces",
    },
    references: { valid: references.valid ?? [], invalid: references.invalid ?? [] },
    reference: () => transport.parse(fixture.reference()),
    async source(reference, options) {
      const source = await requireAbility(transport, "openSource").openSource(reference, options);
      opened.push(source);
      return source;
    },
    async destination(reference, options) {
      const able = requireAbility(transport, "openDestination");
      const destination = await able.openDestination(reference, options);
      opened.push(destination);
      return destination;
    },
    async accepts() {
      if (taken === undefined) {
        const destination = await bench.destination(bench.reference());
        taken = destination.accepts;
        await destination.close();
      }
      return taken;
    },
    async sample(options = {}) {
      const accepts = await bench.accepts();
      return randomImage({
        seed: "sample",
        format: formatOf(accepts) ?? bench.skip("it takes neither OCI nor docker manifests"),
        compression: accepts.layerCompression === "decompress" ? "none" : "gzip",
        ...options,
      });
    },
    async written(sample) {
      const written = sample ?? (await bench.sample());
      const reference = bench.reference();
      const destination = await bench.destination(reference);
      await writeImage(destination, written);
      await destination.close();
      return { reference, sample: written };
    },
    async present() {
      if (transport.openDestination !== undefined) return (await bench.written()).reference;
      if (fixture.image === undefined) return bench.skip("it cannot write, and the fixture brings no image");
      return transport.parse(await fixture.image());
    },
    snapshot: () => fixture.snapshot(),
    soon: (promise) => orTimeout(promise, patience),
    skip(reason) {
      throw new Skip(reason);
    },
  };
  return {
    bench,
    async close() {
      for (const each of opened.reverse()) await orTimeout(each.close(), patience);
    },
  };
}

function formatOf({ manifestTypes }: DestinationAccepts): SampleFormat | undefined {
  if (takes(manifestTypes, mediaTypes.ociManifest)) return "oci";
  return takes(manifestTypes, mediaTypes.dockerManifest) ? "docker" : undefined;
}

/** Whether a type is one of those that are accepted, where an empty list accepts all. */
export function takes(manifestTypes: readonly string[], mediaType: string): boolean {
  return manifestTypes.length === 0 || manifestTypes.includes(mediaType);
}
