import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { type Blob, bytesBlob, deflated, streamBlob } from "@drayage/blob";
import { digestBytes } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import type { ImageDestination } from "@drayage/transport";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ociArchive } from "../src/index.ts";

const transport = ociArchive();
const layer = { kind: "layer", mediaType: mediaTypes.ociLayerTar } as const;
const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, config: {}, layers: [] }));
const contents = [3000, 0, 512, 1].map((size, index) => new Uint8Array(size).fill(65 + index));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Bytes that take as many turns of the event loop. */
function slow(bytes: Uint8Array, turns: number, facts: Pick<Blob, "digest" | "size"> = {}): Blob {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield bytes.subarray(0, 1);
    for (let turn = 0; turn < turns; turn++) await setImmediate();
    yield bytes.subarray(1);
  }
  return streamBlob(chunks, { size: bytes.length, ...facts });
}

const failing = (turns: number): Blob =>
  slow(new Uint8Array(700), turns, { digest: digestBytes(new Uint8Array()) });

/** The archive of what `put` puts, and then a manifest. */
async function archiveOf(
  name: string,
  put: (destination: ImageDestination) => Promise<unknown>,
  timestamp?: Date,
): Promise<Uint8Array> {
  const path = join(folder, name);
  const destination = await transport.openDestination?.(transport.parse(path));
  if (destination === undefined) throw new Error("it can write");
  await put(destination);
  await destination.putManifest(manifest, { mediaType: mediaTypes.ociManifest });
  await destination.commit({ timestamp });
  await destination.close();
  return readFileSync(path);
}

const oneByOne =
  (blobs: readonly Blob[]) =>
  async (destination: ImageDestination): Promise<void> => {
    for (const blob of blobs) await destination.putBlob(blob, layer);
  };
const atOnce = (blobs: readonly Blob[]) => (destination: ImageDestination) =>
  Promise.allSettled(blobs.map((blob) => destination.putBlob(blob, layer)));

describe("blobs that are put at the same time give what they give one after the other", () => {
  it.each([[[0, 3, 6, 9]], [[9, 6, 3, 0]], [[3, 9, 0, 6]]])(
    "when they are there after %j turns",
    async (turns) => {
      const timestamp = new Date("2020-01-02T03:04:05Z");
      const wanted = await archiveOf(
        "wanted.tar",
        oneByOne(contents.map((bytes) => bytesBlob(bytes))),
        timestamp,
      );
      const blobs = contents.map((bytes, index) => slow(bytes, turns[index] ?? 0));
      expect(Buffer.compare(await archiveOf("made.tar", atOnce(blobs), timestamp), wanted)).toBe(0);
    },
  );

  it("with several digest algorithms, blobs that come again, and some that are compressed on the way", async () => {
    const blobs = (turns: number): Blob[] => {
      const of = (index: number): Uint8Array => contents[index] ?? expect.unreachable();
      const sha512 = digestBytes(of(2), "sha512");
      return [
        slow(of(0), turns),
        slow(of(2), 2 * turns, { digest: sha512 }),
        deflated(bytesBlob(of(0)), { algorithm: "gzip" }),
        slow(of(0), 0),
        slow(of(1), turns, { digest: digestBytes(of(1), "sha512") }),
        deflated(slow(of(3), turns), { algorithm: "gzip" }),
        slow(of(3), 1),
      ];
    };
    const wanted = await archiveOf("wanted.tar", oneByOne(blobs(0)));
    expect(Buffer.compare(await archiveOf("made.tar", atOnce(blobs(5))), wanted)).toBe(0);
  });

  it("also where some of them fail, the first among them", async () => {
    const good = contents.map((bytes, index) => slow(bytes, index));
    const wanted = await archiveOf("wanted.tar", oneByOne(good));
    const [first = failing(0), ...others] = good;
    const blobs = [failing(9), first, failing(0), ...others, failing(3)];
    expect(Buffer.compare(await archiveOf("made.tar", atOnce(blobs)), wanted)).toBe(0);
  });
});

it("a destination that is closed aborts what is on its way, and leaves nothing", async () => {
  const path = join(folder, "out.tar");
  const destination = await transport.openDestination?.(transport.parse(path));
  if (destination === undefined) throw new Error("it can write");
  const endless = streamBlob(
    async function* () {
      for (;;) {
        await setImmediate();
        yield new Uint8Array(100);
      }
    },
    { size: 2 ** 40 },
  );
  const quick = slow(new Uint8Array(10), 1);
  const ends = [endless, quick, endless].map((blob) => destination.putBlob(blob, layer));
  const settled = Promise.allSettled(ends);
  await ends[1];
  await destination.close();
  const aborted = { status: "rejected", reason: { code: "ERR_DRAYAGE_ABORTED" } };
  expect(await settled).toMatchObject([aborted, { status: "fulfilled" }, aborted]);
  expect(readdirSync(folder)).toEqual([]);
});
