import { createHash } from "node:crypto";
import zlib from "node:zlib";
import { createSyncInflater } from "@drayage/compression";
import { DrayageError } from "@drayage/errors";
import type { Deflater, Inflater, Sha256 } from "@drayage/kernels";
import * as pako from "pako";
import type { Kernels } from "../../src/fuzz/target.ts";

/*
 * zlib and pako in the kernels' place: right, so that the fuzzer has nothing to say, or wrong in a way that it has to find.
 */

export type InflateFault =
  | "wrong byte"
  | "trap"
  | "endless"
  | "lenient"
  | "keeps back"
  | "remembers"
  | "large chunks"
  | "takes too much";

export function standIns(
  faults: { readonly inflate?: InflateFault; readonly deflate?: DeflateFault } = {},
): Kernels {
  return {
    createInflater: () => standInInflater(faults.inflate),
    createDeflater: () => standInDeflater(faults.deflate),
    createGzipInflater() {
      const inflater = createSyncInflater("gzip", { engine: "pako" });
      if (inflater === undefined) throw new TypeError("pako is not there");
      return inflater;
    },
    crc32: zlib.crc32,
    crc64: crc64ByBits,
    createSha256: standInSha256,
  };
}

function standInInflater(fault: InflateFault | undefined): Inflater {
  let stream = new pako.ZStream();
  let ended = false;
  let finished = false;
  let produced = 0;
  let streams = 0;
  let held: number[] = [];
  const start = () => {
    stream = new pako.ZStream();
    pako.zlibInflateInit2(stream, -15);
    ended = false;
    finished = false;
    produced = 0;
    held = [];
    streams++;
  };
  start();
  return {
    get ended() {
      return ended;
    },
    get unused() {
      return ended && fault !== "takes too much" ? stream.avail_in : 0;
    },
    push(bytes) {
      stream.input = bytes;
      stream.next_in = 0;
      stream.avail_in = bytes.length;
    },
    next() {
      if (ended) return new Uint8Array(0);
      if (fault === "endless" && produced > 5000) return new Uint8Array(1);
      if (fault === "large chunks" && produced > 2000) return new Uint8Array(256 * 1024 + 1);
      stream.output = new Uint8Array(1000);
      stream.next_out = 0;
      stream.avail_out = stream.output.length;
      const status = pako.zlibInflate(stream, pako.Z_SYNC_FLUSH);
      if (status === pako.Z_DATA_ERROR) {
        if (fault === "trap") throw new (trapError())("memory access out of bounds");
        throw new DrayageError("ERR_DRAYAGE_COMPRESSION_INVALID", `damaged: ${stream.msg}`);
      }
      ended = status === pako.Z_STREAM_END;
      let output = stream.output.subarray(0, stream.next_out);
      if (fault === "keeps back" && output.length + held.length > 0) {
        output = Uint8Array.of(...held, ...output);
        held = ended ? [] : [...output.slice(-1)];
        output = output.subarray(0, output.length - held.length);
      }
      if (fault === "wrong byte" && produced + output.length > 2000) output.fill(0, 0, 1);
      if (fault === "remembers" && streams > 20 && output.length > 0) output[0] = (output[0] ?? 0) ^ 1;
      produced += output.length;
      if (output.length > 0 || ended || !finished) return output;
      if (fault === "lenient") ended = true;
      else throw new DrayageError("ERR_DRAYAGE_COMPRESSION_INVALID", "it is truncated");
      return output;
    },
    finish() {
      finished = true;
    },
    reset: start,
  };
}

function trapError(): new (message: string) => Error {
  const api = (globalThis as unknown as { WebAssembly: { RuntimeError: new (message: string) => Error } })
    .WebAssembly;
  return api.RuntimeError;
}

export type DeflateFault = "wrong byte" | "too long" | "moody";

function standInDeflater(fault: DeflateFault | undefined): Deflater {
  let calls = 0;
  return {
    deflateBlock(bytes, { level, dictionary, last }) {
      calls++;
      const finishFlush = last ? zlib.constants.Z_FINISH : zlib.constants.Z_SYNC_FLUSH;
      const moody = fault === "moody" && calls % 2 === 0 ? 9 - level : level;
      const known = dictionary === undefined ? {} : { dictionary };
      const block = fault === "wrong byte" && bytes.length > 1000 ? bytes.map((byte) => byte & 0xfe) : bytes;
      const result = zlib.deflateRawSync(block, { level: moody, memLevel: 9, finishFlush, ...known });
      if (fault !== "too long" || last) return result;
      // Empty stored blocks say nothing, and are none too many for a decoder.
      return Buffer.concat([
        result,
        ...Array.from({ length: 100 }, () => Uint8Array.of(0, 0, 0, 0xff, 0xff)),
      ]);
    },
  };
}

function crc64ByBits(bytes: Uint8Array, value = 0n): bigint {
  let remainder = value ^ 0xffffffffffffffffn;
  for (const byte of bytes) {
    remainder ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) {
      remainder = remainder & 1n ? (remainder >> 1n) ^ 0xd800000000000000n : remainder >> 1n;
    }
  }
  return remainder ^ 0xffffffffffffffffn;
}

function standInSha256(): Sha256 {
  const hash = createHash("sha256");
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => hash.copy().digest(),
    copy: standInSha256,
    save: () => ({ length: 0, chain: [], pending: new Uint8Array(0) }),
  };
}
