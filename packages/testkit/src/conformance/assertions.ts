import assert from "node:assert/strict";
import { type DrayageErrorCode, isDrayageError } from "@drayage/errors";
import type { SampleImage, SampleIndex } from "../image.ts";
import type { ReadImage, ReadIndex } from "../read-image.ts";
import type { Bench } from "./bench.ts";

/** Fails unless the promise is rejected with an error of drayage's, of one of the codes where any are given. */
export async function rejects(
  promise: Promise<unknown>,
  ...codes: readonly DrayageErrorCode[]
): Promise<void> {
  await assertRejected(promise, "", codes);
}

/** Fails unless a method that was called with an aborted signal is rejected as it should be; `method` names it. */
export async function rejectsAborted(promise: Promise<unknown>, method: string): Promise<void> {
  const what = `${method} with an aborted signal (see throwIfAborted of @drayage/errors): `;
  await assertRejected(promise, what, ["ERR_DRAYAGE_ABORTED"]);
}

async function assertRejected(
  promise: Promise<unknown>,
  what: string,
  codes: readonly DrayageErrorCode[],
): Promise<void> {
  let error: unknown;
  try {
    await promise;
  } catch (thrown) {
    error = thrown;
  }
  const expected = codes.length === 0 ? "an error" : codes.join(" or ");
  assert.notEqual(error, undefined, `${what}expected ${expected}, and nothing was thrown`);
  assert.ok(isDrayageError<string>(error), `${what}expected ${expected}, and there was ${describe(error)}`);
  if (codes.length === 0) return;
  assert.ok(
    codes.some((code) => error.code === code),
    `${what}expected ${expected}, and there was ${error.code}: ${error.message}`,
  );
}

/** Fails unless an image was read as it was written. */
export function assertSame(
  read: ReadImage | ReadIndex,
  sample: SampleImage | SampleIndex,
  { traits }: Bench,
): void {
  if (traits.manifests === "kept") {
    assertBytes(read.manifest.bytes, sample.manifest.bytes, "the manifest");
    assert.equal(read.manifest.mediaType, sample.manifest.mediaType, "the manifest's media type");
  }
  if (sample.kind === "index") {
    assert.ok(read.kind === "index", "an index was written, and an image was read");
    assert.equal(read.images.length, sample.images.length, "the count of images");
    for (const [place, image] of sample.images.entries()) assertOne(read.images[place], image, traits);
  } else {
    assert.ok(read.kind === "image", "an image was written, and an index was read");
    assertOne(read, sample, traits);
  }
}

function assertOne(read: ReadImage | undefined, sample: SampleImage, traits: Bench["traits"]): void {
  assert.ok(read?.config, "the config is missing");
  assertBytes(read.config.bytes, sample.config.bytes, "the config");
  assert.equal(read.layers.length, sample.layers.length, "the count of layers");
  for (const [place, { bytes, layer }] of sample.layers.entries()) {
    const stored = traits.layers === "unpacked" ? layer.tar : bytes;
    assertBytes(read.layers[place]?.bytes ?? new Uint8Array(), stored, `layer ${place}`);
  }
}

export function assertBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  // Not deepEqual: its report of two long arrays takes minutes.
  assert.ok(Buffer.compare(actual, expected) === 0, `${what} differs from what was written`);
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
