import { DrayageError } from "@drayage/errors";
import type { Signature } from "@drayage/transport";

const simpleSigning = "simple-signing";

// The first byte of an OpenPGP message (RFC 4880, section 4.2): compressed data, a one-pass signature or a signature,
// in the old format of packets or the new one. The list is that of containers/image.
const openPgp: readonly number[] = [
  0xa0, 0xa1, 0xa2, 0xa3, 0xc8, 0x90, 0x91, 0x92, 0x3d, 0xc4, 0x88, 0x89, 0x8a, 0x8b, 0xc2,
];

/**
 * A signature as it is stored: a simple one as it is, others behind a zero byte, their format and a line's end.
 * A simple one that does not begin as OpenPGP does would not be known again, and is stored like the others.
 */
export function encodeSignature({ format, bytes }: Signature): Uint8Array {
  if (format === simpleSigning && openPgp.includes(bytes[0] ?? 0)) return bytes;
  const head = new TextEncoder().encode(`\0${format}\n`);
  const stored = new Uint8Array(head.length + bytes.length);
  stored.set(head);
  stored.set(bytes, head.length);
  return stored;
}

/**
 * Reads what {@link encodeSignature} has written. `where` names it in messages.
 *
 * @throws ERR_DRAYAGE_LAYOUT_INVALID
 */
export function decodeSignature(stored: Uint8Array, where: string): Signature {
  const [first] = stored;
  if (first === undefined) throw invalid(where, "the signature is empty");
  if (openPgp.includes(first)) return { format: simpleSigning, bytes: stored };
  if (first !== 0) throw invalid(where, "it is no signature that is known");
  const end = stored.indexOf(0x0a);
  const format = new TextDecoder("latin1").decode(stored.subarray(1, Math.max(end, 1)));
  if (!/^[\x20-\x7e]{1,100}$/.test(format)) throw invalid(where, "the signature does not say its format");
  return { format, bytes: stored.subarray(end + 1) };
}

function invalid(where: string, what: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_LAYOUT_INVALID", `${where}: ${what}`, {
    hint: "copy the image anew, or remove its signatures",
  });
}
