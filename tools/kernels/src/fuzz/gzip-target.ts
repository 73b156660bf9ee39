import zlib from "node:zlib";
import { createSyncInflater, type SyncInflater } from "@drayage/compression";
import type { Deflater } from "@drayage/kernels";
import { concat, sameBytes } from "./bytes.ts";
import { chunksOf } from "./chunks.ts";
import { Failure } from "./failure.ts";
import { guarded } from "./guards.ts";
import { messageOf, rawStream } from "./inflate-target.ts";
import { mutated } from "./mutate.ts";
import type { Random } from "./random.ts";
import type { Kernels, Target } from "./target.ts";
import { validStream } from "./valid.ts";

/**
 * gzip files through the engine of \@drayage/compression: members with all that a header may hold, one after the other,
 * their headers and trailers damaged. The verdict is to be that of zlib as pako has it, and no other than gunzip's
 * where that is as strict: it passes over garbage that follows a member.
 */
export function gzipTarget(kernels: Kernels): Target {
  let deflater: Deflater | undefined;
  return {
    name: "gzip",
    trial(random) {
      deflater ??= kernels.createDeflater();
      const members = random.once(2) ? 1 : random.int(1, 6);
      const file = concat(Array.from({ length: members }, () => member(random, deflater)));
      const data = damaged(random, file);
      const seed = random.bits();
      return {
        what: `gzip file of ${data.length} bytes, in pieces by ${seed}`,
        data,
        check: (bytes) => check(kernels, bytes, seed),
      };
    },
  };
}

const flags = { text: 1, headerCrc: 2, extra: 4, name: 8, comment: 16 };

/** A member (RFC 1952, 2.3) with every field of the header that there can be. */
function member(random: Random, deflater: Deflater | undefined): Uint8Array {
  const kind = random.once(8) ? random.pick(["grammar", "mutated", "noise"]) : "valid";
  const stream = kind === "valid" ? validStream(random, deflater) : rawStream(random, kind, deflater);
  const plain = inflated(stream);
  const trailer = new DataView(new ArrayBuffer(8));
  trailer.setUint32(0, random.once(20) ? random.bits() : zlib.crc32(plain), true);
  trailer.setUint32(4, random.once(20) ? random.bits() : plain.length, true);
  return concat([header(random), stream, new Uint8Array(trailer.buffer)]);
}

function inflated(stream: Uint8Array): Uint8Array {
  try {
    return zlib.inflateRawSync(stream, { maxOutputLength: 8 * 1024 * 1024 });
  } catch {
    // It is to be refused whatever the trailer says.
    return new Uint8Array(0);
  }
}

function header(random: Random): Uint8Array {
  const has = random.once(2) ? 0 : random.int(0, 31);
  const reserved = random.once(60) ? 32 << random.int(0, 2) : 0;
  const method = random.once(60) ? random.int(0, 255) : 8;
  const parts = [Uint8Array.of(0x1f, 0x8b, method, has | reserved), random.bytes(6)];
  if (has & flags.extra) {
    const extra = random.bytes(random.magnitude(0, 2000));
    parts.push(Uint8Array.of(extra.length & 255, extra.length >> 8), extra);
  }
  if (has & flags.name) parts.push(zeroTerminated(random));
  if (has & flags.comment) parts.push(zeroTerminated(random));
  if (has & flags.headerCrc) {
    const crc = random.once(20) ? random.bits() : zlib.crc32(concat(parts));
    parts.push(Uint8Array.of(crc & 255, (crc >> 8) & 255));
  }
  return concat(parts);
}

function zeroTerminated(random: Random): Uint8Array {
  const text = random.bytes(random.magnitude(0, 600)).map((byte) => byte || 1);
  return concat([text, Uint8Array.of(0)]);
}

function damaged(random: Random, file: Uint8Array): Uint8Array {
  if (random.once(3)) return file;
  if (random.once(6)) return concat([file, new Uint8Array(random.magnitude(1, 600))]);
  return mutated(random, file);
}

type Outcome = { readonly output: Uint8Array } | { readonly refusal: string };

/** What it inflates to at most here. */
const outputLimit = 8 * 1024 * 1024;

function check(kernels: Kernels, bytes: Uint8Array, seed: number): void {
  const reference = createSyncInflater("gzip", { engine: "pako" });
  if (reference === undefined) throw new TypeError("pako is not there");
  const right = inflateAll(reference, [bytes]);
  if (right === undefined) return;
  const { made, check: checkMemory } = guarded(() => kernels.createGzipInflater());
  const ours = inflateAll(made, chunksOf(bytes, seed));
  checkMemory();
  if (ours === undefined) throw new Failure("gives more than zlib does");
  compare(ours, right);
  compareWithGunzip(ours, bytes);
}

/** Undefined where it is more than a trial should take. */
function inflateAll(inflater: SyncInflater, chunks: Iterable<Uint8Array>): Outcome | undefined {
  const parts: Uint8Array[] = [];
  let total = 0;
  try {
    const take = (pieces: Iterable<Uint8Array>): boolean => {
      for (const piece of pieces) {
        parts.push(piece.slice());
        total += piece.length;
        if (total > outputLimit) return false;
      }
      return true;
    };
    for (const chunk of chunks) if (!take(inflater.push(chunk))) return undefined;
    return take(inflater.finish()) ? { output: concat(parts) } : undefined;
  } catch (error) {
    return { refusal: messageOf(error) };
  } finally {
    inflater.close();
  }
}

function compare(ours: Outcome, right: Outcome): void {
  if ("refusal" in right) {
    if ("refusal" in ours) return;
    throw new Failure(`accepts what zlib refuses: ${right.refusal}`);
  }
  if ("refusal" in ours) throw new Failure(`refuses what zlib accepts: ${ours.refusal}`);
  if (!sameBytes(ours.output, right.output)) throw new Failure("gives other bytes than zlib");
}

function compareWithGunzip(ours: Outcome, bytes: Uint8Array): void {
  if ("refusal" in ours) return;
  let right: Uint8Array;
  try {
    right = zlib.gunzipSync(bytes);
  } catch (error) {
    throw new Failure(`accepts what gunzip refuses: ${String(error)}`);
  }
  if (!sameBytes(ours.output, right)) throw new Failure("gives other bytes than gunzip");
}
