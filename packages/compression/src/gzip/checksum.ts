import { crc32 as kernelCrc32, kernelsUnavailable } from "@drayage/kernels";
import { builtin } from "../load.ts";
import { crc32 } from "./crc32.ts";

type Checksum = (bytes: Uint8Array, value: number) => number;

let fastest: Checksum | undefined;

/** CRC-32 of a gzip trailer, going on from `value`: by the fastest that this runtime has. */
export function gzipChecksum(bytes: Uint8Array, value: number): number {
  // Node's gives 0 for some arrays of no bytes, whatever the value.
  if (bytes.length === 0) return value;
  fastest ??= choose();
  return fastest(bytes, value);
}

function choose(): Checksum {
  const native = builtin("node:zlib")?.crc32;
  if (native !== undefined) return native;
  return kernelsUnavailable("checksums") === undefined ? kernelCrc32 : crc32;
}
