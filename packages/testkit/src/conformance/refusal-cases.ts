import assert from "node:assert/strict";
import { type Blob, streamBlob } from "@drayage/blob";
import { digestBytes } from "@drayage/digest";
import type { ImageDestination, ImageReference } from "@drayage/transport";
import type { SampleImage } from "../image.ts";
import { readImage } from "../read-image.ts";
import { writeImage } from "../write-image.ts";
import { assertSame, rejects, rejectsAborted } from "./assertions.ts";
import type { Bench } from "./bench.ts";
import type { Case, Cases } from "./case.ts";
import { brokenAfter, pieces, stuckAfter } from "./streams.ts";

type Spoil = (destination: ImageDestination, sample: SampleImage, bench: Bench) => Promise<void>;

export const refusalCases: Cases<
  | "leaves an empty place as it was when it is closed without a commit"
  | "leaves the earlier image as it was when it is closed without a commit"
  | "shows nothing before the commit"
  | "takes no blob that hashes to something else"
  | "takes no config that hashes to something else"
  | "takes no blob that is longer than was said"
  | "takes no blob that is shorter than was said"
  | "takes no blob whose stream breaks"
  | "stops in the midst of a blob when the signal is aborted"
  | "stops before it begins when the signal is aborted"
  | "takes a destination being closed twice"
> = {
  "leaves an empty place as it was when it is closed without a commit": spoilt(
    async (destination, sample) => {
      await writeImage(destination, sample, { commit: false });
    },
  ),
  "leaves the earlier image as it was when it is closed without a commit": {
    needs: ["openSource", "openDestination"],
    async run(bench) {
      const { reference, sample } = await bench.written();
      const before = await bench.snapshot();
      await overwriteUncommitted(bench, reference);
      assert.deepEqual(await bench.snapshot(), before);
      assertSame(await readImage(await bench.source(reference)), sample, bench);
    },
  },
  "shows nothing before the commit": {
    needs: ["openSource", "openDestination"],
    async run(bench) {
      const reference = bench.reference();
      const destination = await bench.destination(reference);
      const sample = await bench.sample();
      await writeImage(destination, sample, { commit: false });
      await rejects(bench.source(reference), "ERR_DRAYAGE_IMAGE_NOT_FOUND");
      await destination.commit();
      await destination.close();
      assertSame(await readImage(await bench.source(reference)), sample, bench);
    },
  },
  "takes no blob that hashes to something else": spoilt(async (destination, sample, { traits }) => {
    const { digest, size, bytes } = firstLayer(sample);
    const changed = bytes.slice();
    changed[changed.length - 1] = ~(changed.at(-1) ?? 0);
    await rejects(
      putLayer(destination, sample, { open: changed, digest, size }),
      "ERR_DRAYAGE_DIGEST_MISMATCH",
      // Whoever unpacks while bytes arrive may find them damaged before the digest is known.
      ...(traits.layers === "unpacked" ? (["ERR_DRAYAGE_COMPRESSION_INVALID"] as const) : []),
    );
  }),
  "takes no config that hashes to something else": spoilt(async (destination, { config }) => {
    const { mediaType, size } = config.descriptor;
    const digest = digestBytes(new TextEncoder().encode("{}"));
    const blob = streamBlob(() => pieces(config.bytes, 100), { digest, size });
    await rejects(destination.putBlob(blob, { kind: "config", mediaType }), "ERR_DRAYAGE_DIGEST_MISMATCH");
  }),
  "takes no blob that is longer than was said": spoilt(async (destination, sample) => {
    const { digest, size, bytes } = firstLayer(sample);
    const longer = new Uint8Array(size + 5);
    longer.set(bytes);
    await rejects(
      putLayer(destination, sample, { open: longer, digest, size }),
      "ERR_DRAYAGE_SIZE_MISMATCH",
      "ERR_DRAYAGE_DIGEST_MISMATCH",
    );
  }),
  "takes no blob that is shorter than was said": spoilt(async (destination, sample) => {
    const { digest, size, bytes } = firstLayer(sample);
    await rejects(
      putLayer(destination, sample, { open: bytes.subarray(0, size - 5), digest, size }),
      "ERR_DRAYAGE_SIZE_MISMATCH",
      "ERR_DRAYAGE_DIGEST_MISMATCH",
    );
  }),
  "takes no blob whose stream breaks": spoilt(async (destination, sample) => {
    const { digest, size, bytes } = firstLayer(sample);
    const broken = new Error("the network is down");
    const blob = streamBlob(brokenAfter(bytes.subarray(0, 700), broken), { digest, size });
    await assert.rejects(putLayer(destination, sample, { blob }), (error: unknown) => {
      assert.ok(
        error === broken || (error as Error).cause === broken,
        "the stream's own error, or one caused by it",
      );
      return true;
    });
  }),
  "stops in the midst of a blob when the signal is aborted": spoilt(async (destination, sample, bench) => {
    const { digest, size, bytes } = firstLayer(sample);
    const controller = new AbortController();
    const blob = streamBlob(
      stuckAfter(bytes.subarray(0, 700), () => controller.abort(new Error("enough"))),
      { digest, size },
    );
    const { signal } = controller;
    await rejects(bench.soon(putLayer(destination, sample, { blob, signal })), "ERR_DRAYAGE_ABORTED");
  }),
  "stops before it begins when the signal is aborted": {
    needs: ["openDestination"],
    async run(bench) {
      const sample = await bench.sample();
      const reference = bench.reference();
      const before = await bench.snapshot();
      const signal = AbortSignal.abort();
      await rejectsAborted(bench.destination(reference, { signal }), "openDestination");
      const destination = await bench.destination(reference);
      const { bytes } = firstLayer(sample);
      await rejectsAborted(putLayer(destination, sample, { open: bytes, signal }), "putBlob");
      await destination.close();
      assert.deepEqual(await bench.snapshot(), before);
    },
  },
  "takes a destination being closed twice": {
    needs: ["openSource", "openDestination"],
    async run(bench) {
      const reference = bench.reference();
      const sample = await bench.sample();
      for (const commit of [false, true]) {
        const destination = await bench.destination(reference);
        await writeImage(destination, sample, { commit });
        await destination.close();
        await destination.close();
        await destination[Symbol.asyncDispose]();
      }
      assertSame(await readImage(await bench.source(reference)), sample, bench);
    },
  },
};

/** A case in which writing to an empty place ends early: the place is as before, and takes an image then. */
function spoilt(spoil: Spoil): Case {
  return {
    needs: ["openDestination"],
    async run(bench) {
      const sample = await bench.sample();
      const reference = bench.reference();
      const before = await bench.snapshot();
      const destination = await bench.destination(reference);
      await spoil(destination, sample, bench);
      await destination.close();
      assert.deepEqual(await bench.snapshot(), before, "the place is as it was");
      const second = await bench.destination(reference);
      await writeImage(second, sample);
      await second.close();
      if (bench.transport.openSource === undefined) return;
      assertSame(await readImage(await bench.source(reference)), sample, bench);
    },
  };
}

/** Writes another image to a reference that has one, but for the commit; or finds that it is refused. */
async function overwriteUncommitted(bench: Bench, reference: ImageReference): Promise<void> {
  const writing = async (): Promise<void> => {
    const destination = await bench.destination(reference);
    await writeImage(destination, await bench.sample({ seed: "other", layers: 3 }), { commit: false });
    await destination.close();
  };
  if (bench.traits.overwriting === "replaces") return writing();
  try {
    await writing();
  } catch {
    // Refused at once, or at the commit that does not come: either is well, if nothing changes.
  }
}

function firstLayer(sample: SampleImage): { bytes: Uint8Array; digest: Blob["digest"]; size: number } {
  const [layer] = sample.layers;
  assert.ok(layer);
  const { digest, size } = layer.descriptor;
  return { bytes: layer.bytes, digest, size };
}

interface PutLayer {
  readonly blob?: Blob;
  readonly open?: Uint8Array;
  readonly digest?: Blob["digest"];
  readonly size?: number;
  readonly signal?: AbortSignal;
}

async function putLayer(
  destination: ImageDestination,
  sample: SampleImage,
  options: PutLayer,
): Promise<void> {
  const { open = new Uint8Array(), digest, size, signal } = options;
  const blob = options.blob ?? streamBlob(() => pieces(open, 1000), { digest, size });
  const mediaType = sample.layers[0]?.descriptor.mediaType ?? "";
  await destination.putBlob(blob, { kind: "layer", mediaType, layerIndex: 0, signal });
}
