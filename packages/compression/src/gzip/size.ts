import { truncated } from "../errors.ts";

/**
 * How many bytes the last member of a gzip stream inflates to, modulo 2^32, by the stream's last bytes, at least 4 of
 * them (RFC 1952: ISIZE). Nearly every stream has one member; whoever inflates it has to check.
 *
 * @throws ERR_DRAYAGE_COMPRESSION_INVALID where there are fewer bytes
 */
export function readGzipSize(tail: Uint8Array): number {
  if (tail.length < 4) throw truncated("gzip");
  return new DataView(tail.buffer, tail.byteOffset, tail.length).getUint32(tail.length - 4, true);
}
