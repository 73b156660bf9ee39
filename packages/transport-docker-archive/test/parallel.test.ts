import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { type Blob, bytesBlob, inflated, streamBlob } from "@drayage/blob";
import { digestBytes } from "@drayage/digest";
import type { ImageDestination } from "@drayage/transport";
import { temporaryDirectory } from "@drayage-internal/peers";
import { describe, expect, it } from "vitest";
import { createArchiveWriter } from "../src/index.ts";
import { newPath, readWhole, whole } from "./archives.ts";
import {
  emptyLayer,
  type FixtureImage,
  image,
  layerA,
  layerB,
  layerC,
  layerType,
  open,
  put,
  transport,
  v2s2,
} from "./fixtures.ts";

const configType = "application/vnd.docker.container.image.v1+json";
/** No tar archive, but nobody looks. */
const layerD = new Uint8Array(0);
const all = image([layerA, layerB, layerC, emptyLayer, layerD]);

/** Bytes of known size that come in two parts, the second after as many turns of the event loop. */
function slow(bytes: Uint8Array, turns: number): Blob {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield bytes.subarray(0, 1);
    for (let turn = 0; turn < turns; turn++) await setImmediate();
    yield bytes.subarray(1);
  }
  return streamBlob(chunks, { size: bytes.length });
}

function broken(bytes: Uint8Array, turns: number): Blob {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield bytes;
    for (let turn = 0; turn < turns; turn++) await setImmediate();
    throw new Error("the network is down");
  }
  return streamBlob(chunks, { size: bytes.length + 1 });
}

const gzipped = (bytes: Uint8Array): Blob => inflated(bytesBlob(gzipSync(bytes)), { algorithm: "gzip" });

/** A stream that tells the size of its last member only. */
function twoMembers(bytes: Uint8Array): Blob {
  const parts = [bytes.subarray(0, -10), bytes.subarray(-10)];
  return inflated(bytesBlob(Buffer.concat(parts.map((part) => gzipSync(part)))));
}

/** A zstd frame of raw blocks, with a window and no word of its size. */
function zstd(bytes: Uint8Array): Blob {
  const parts: Uint8Array[] = [Buffer.from("28b52ffd0058", "hex")];
  const step = 100_000;
  for (let at = 0; at === 0 || at < bytes.length; at += step) {
    const block = bytes.subarray(at, at + step);
    const header = Buffer.alloc(4);
    header.writeUInt32LE((block.length << 3) | (at + step >= bytes.length ? 1 : 0));
    parts.push(header.subarray(0, 3), block);
  }
  return inflated(bytesBlob(Buffer.concat(parts)), { algorithm: "zstd" });
}

/** Puts all layers at once, each in the form that is given, and then the rest. */
async function putAtOnce(
  destination: ImageDestination,
  of: FixtureImage,
  blobs: readonly Blob[],
): Promise<void> {
  await Promise.all(
    blobs.map((blob, layerIndex) =>
      destination.putBlob(blob, { kind: "layer", mediaType: layerType, layerIndex }),
    ),
  );
  await putRest(destination, of);
}

async function putRest(destination: ImageDestination, of: FixtureImage): Promise<void> {
  await destination.putBlob(bytesBlob(of.config), { kind: "config", mediaType: configType });
  await destination.putManifest(of.manifest, { mediaType: v2s2 });
}

/** The archive of layers that were put one after the other. */
async function serial(of: FixtureImage): Promise<Uint8Array> {
  const file = newPath();
  await using destination = await open(file);
  await put(destination, of, "nothing");
  await destination.commit();
  return readFileSync(file);
}

async function atOnce(of: FixtureImage, blobs: readonly Blob[]): Promise<Uint8Array> {
  const file = newPath();
  await using destination = await open(file);
  await putAtOnce(destination, of, blobs);
  await destination.commit();
  expect(await readWhole(file)).toEqual(whole(of));
  return readFileSync(file);
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((others) => [item, ...others]),
  );
}

describe("layers that are put at the same time give what they give one after the other", () => {
  it("in whatever order they are there", async () => {
    const wanted = await serial(all);
    for (const order of permutations([0, 1, 2, 3])) {
      const blobs = all.layers.map(({ bytes }, index) => slow(bytes, 2 * (order[index] ?? 0)));
      expect(Buffer.compare(await atOnce(all, blobs), wanted)).toBe(0);
    }
  });

  it("whatever their compression tells of their size", async () => {
    const forms: ((bytes: Uint8Array) => Blob)[] = [
      gzipped,
      twoMembers,
      zstd,
      (bytes) =>
        streamBlob(async function* () {
          yield bytes;
        }),
      (bytes) => slow(bytes, 7),
    ];
    const wanted = await serial(all);
    for (const [first] of forms.entries()) {
      const blobs = all.layers.map(({ bytes }, index) => {
        const form = forms[(first + index) % forms.length] ?? expect.unreachable();
        return form(bytes);
      });
      expect(Buffer.compare(await atOnce(all, blobs), wanted)).toBe(0);
    }
  });

  it("and each of them once, the first time that it was put, whichever came first", async () => {
    const again = image([layerA, layerB, layerA, layerC, layerB, layerA]);
    const wanted = await serial(again);
    for (const patience of [
      [9, 7, 5, 3, 1, 0],
      [0, 1, 3, 5, 7, 9],
    ]) {
      const blobs = again.layers.map(({ bytes }, index) => slow(bytes, patience[index] ?? 0));
      expect(Buffer.compare(await atOnce(again, blobs), wanted)).toBe(0);
    }
    expect(
      Buffer.compare(
        await atOnce(
          again,
          again.layers.map(({ bytes }) => twoMembers(bytes)),
        ),
        wanted,
      ),
    ).toBe(0);
  });

  it("also where one between them fails", async () => {
    const wanted = await serial(all);
    const file = newPath();
    await using destination = await open(file);
    const options = { kind: "layer", mediaType: layerType } as const;
    const [a, b, ...others] = all.layers.map(({ bytes }, index) => slow(bytes, index));
    const failing = [
      broken(layerC, 0),
      broken(layerC, 9),
      bytesBlob(layerC, { digest: digestBytes(layerA) }),
    ];
    const blobs = [failing[0], a, failing[1], b, failing[2], ...others].flatMap((blob) => blob ?? []);
    const ends = await Promise.allSettled(blobs.map((blob) => destination.putBlob(blob, options)));
    expect(ends.map(({ status }) => status === "rejected")).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
      false,
      false,
    ]);
    await putRest(destination, all);
    await destination.commit();
    expect(Buffer.compare(readFileSync(file), wanted)).toBe(0);
  });

  it("and a layer is found once it is there", async () => {
    await using destination = await open(newPath());
    const [, second] = all.layers;
    if (second === undefined) throw new Error("there is a layer");
    const options = { kind: "layer", mediaType: layerType } as const;
    const descriptor = { mediaType: layerType, digest: second.diffId, size: second.bytes.length };
    const first = destination.putBlob(slow(layerA, 20), options);
    const found = (): unknown => destination.reuseBlob?.(descriptor, options);
    const putting = destination.putBlob(slow(layerB, 1), options);
    expect(await found()).toBeUndefined();
    await putting;
    expect(await found()).toEqual({ size: layerB.length });
    await first;
  });
});

describe("a destination that is closed while layers are on their way", () => {
  const endless = (): Blob =>
    streamBlob(
      async function* () {
        for (;;) {
          await setImmediate();
          yield new Uint8Array(1000);
        }
      },
      { size: 2 ** 40 },
    );

  it("aborts them, and leaves the archive that was added to", async () => {
    const file = path.join(temporaryDirectory(), "a.tar");
    await using first = await open(`${file}:a:1`);
    await put(first, image([layerA]));
    await first.commit();
    const before = readFileSync(file);
    const destination = await open(`${file}:b:1`, { append: true });
    const options = { kind: "layer", mediaType: layerType } as const;
    const ends = [endless(), slow(layerB, 3), broken(layerC, 1), endless()].map((blob) =>
      destination.putBlob(blob, options).then(
        () => "there",
        ({ code, message }: { code?: string; message: string }) => code ?? message,
      ),
    );
    for (let turn = 0; turn < 30; turn++) await setImmediate();
    await destination.close();
    expect(await Promise.all(ends)).toEqual([
      "ERR_DRAYAGE_ABORTED",
      "there",
      "the network is down",
      "ERR_DRAYAGE_ABORTED",
    ]);
    expect(readdirSync(path.dirname(file))).toEqual(["a.tar"]);
    expect(Buffer.compare(readFileSync(file), before)).toBe(0);
    await expect(destination.putBlob(slow(layerA, 1), options)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
    });
  });

  it("leaves its writer as if it had not been", async () => {
    const [file, wanted] = [newPath(), newPath()];
    await using writer = await createArchiveWriter(file);
    const openIt = async (name: string): Promise<ImageDestination> =>
      (await transport.openDestination?.(writer.reference(name))) ?? expect.unreachable();
    const kept = await openIt("kept:1");
    await put(kept, image([layerA]));
    await kept.commit();
    await kept.close();
    const given = await openIt("given:1");
    const options = { kind: "layer", mediaType: layerType } as const;
    const ends = [slow(layerC, 1), endless()].map((blob) => given.putBlob(blob, options));
    await ends[0];
    await given.close();
    await expect(ends[1]).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
    const last = await openIt("last:1");
    await putAtOnce(last, image([layerB, layerA]), [slow(layerB, 3), bytesBlob(layerA)]);
    await last.commit();
    await last.close();
    await writer.commit();

    await using other = await createArchiveWriter(wanted);
    for (const [name, of] of [
      ["kept:1", image([layerA])],
      ["last:1", image([layerB, layerA])],
    ] as const) {
      const destination = (await transport.openDestination?.(other.reference(name))) ?? expect.unreachable();
      await put(destination, of, "nothing");
      await destination.commit();
      await destination.close();
    }
    await other.commit();
    expect(Buffer.compare(readFileSync(file), readFileSync(wanted))).toBe(0);
    expect(statSync(file).size).toBe(statSync(wanted).size);
  });
});
