import type { Digest } from "@drayage/digest";
import { digestHex } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import type { Signature } from "@drayage/transport";

/** What containers/image keeps in an image's metadata: the lengths of the signatures that a piece of big data is made of. */
export interface SignatureSizes {
  /** Of the piece `signatures`: those of the image itself, by older tools. */
  readonly own: readonly number[];
  /** Of the pieces `signature-<hex>`, by the manifest's digest. */
  readonly byManifest: ReadonlyMap<string, readonly number[]>;
}

const simpleSigning = "simple-signing";

/** The name of the piece of big data with the signatures of a manifest. */
export function signaturesKey(manifest: Digest): string {
  return `signature-${digestHex(manifest)}`;
}

/** Several signatures as one piece, and their lengths. */
export function joinSignatures(signatures: readonly Signature[]): {
  readonly bytes: Uint8Array;
  readonly sizes: readonly number[];
} {
  const encoded = signatures.map(encodeSignature);
  const bytes = new Uint8Array(encoded.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const each of encoded) {
    bytes.set(each, position);
    position += each.length;
  }
  return { bytes, sizes: encoded.map(({ length }) => length) };
}

/** The signatures of one piece. Throws `ERR_DRAYAGE_STORE_INVALID`, which names the image by `where`. */
export function splitSignatures(
  bytes: Uint8Array,
  sizes: readonly number[],
  where: string,
): readonly Signature[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== bytes.length) {
    throw damaged(where, `its signatures have ${bytes.length} bytes, not the ${total} that it says`);
  }
  let position = 0;
  return sizes.map((size) => {
    position += size;
    return decodeSignature(bytes.subarray(position - size, position), where);
  });
}

/** A simple signature as it is, others behind a zero byte, their format and a line's end (containers/image). */
function encodeSignature({ format, bytes }: Signature): Uint8Array {
  if (format === simpleSigning && bytes[0] !== undefined && bytes[0] !== 0) return bytes;
  const head = new TextEncoder().encode(`\0${format}\n`);
  const encoded = new Uint8Array(head.length + bytes.length);
  encoded.set(head);
  encoded.set(bytes, head.length);
  return encoded;
}

function decodeSignature(bytes: Uint8Array, where: string): Signature {
  if (bytes[0] === undefined) throw damaged(where, "a signature is empty");
  if (bytes[0] !== 0) return { format: simpleSigning, bytes };
  const end = bytes.indexOf(0x0a);
  const format = new TextDecoder("latin1").decode(bytes.subarray(1, Math.max(end, 1)));
  if (!/^[\x20-\x7e]{1,100}$/.test(format)) throw damaged(where, "a signature does not say its format");
  return { format, bytes: bytes.subarray(end + 1) };
}

/** The metadata that containers/image writes: signatures of the manifests, none of which may have any. */
export function encodeMetadata({ own, byManifest }: SignatureSizes): string {
  return JSON.stringify({
    ...(own.length === 0 ? {} : { "signature-sizes": own }),
    ...(byManifest.size === 0 ? {} : { "signatures-sizes": Object.fromEntries(byManifest) }),
  });
}

/** What an image's metadata says of its signatures. Throws `ERR_DRAYAGE_STORE_INVALID`. */
export function parseMetadata(metadata: string | undefined, where: string): SignatureSizes {
  if (metadata === undefined || metadata === "") return { own: [], byManifest: new Map() };
  let document: unknown;
  try {
    document = JSON.parse(metadata);
  } catch (cause) {
    throw damaged(where, "its metadata is no JSON", cause);
  }
  const fields = (document ?? {}) as Readonly<Record<string, unknown>>;
  const byManifest = (fields["signatures-sizes"] ?? {}) as Readonly<Record<string, unknown>>;
  return {
    own: sizesOf(fields["signature-sizes"], where),
    byManifest: new Map(
      Object.entries(byManifest).map(([digest, sizes]) => [digest, sizesOf(sizes, where)] as const),
    ),
  };
}

function sizesOf(value: unknown, where: string): readonly number[] {
  const sizes: unknown = value ?? [];
  const isSize = (size: unknown): size is number => Number.isSafeInteger(size) && Number(size) >= 0;
  if (Array.isArray(sizes) && sizes.every(isSize)) return sizes;
  throw damaged(where, "its metadata tells no lengths of signatures");
}

function damaged(where: string, what: string, cause?: unknown): DrayageError {
  return new DrayageError("ERR_DRAYAGE_STORE_INVALID", `${where}: ${what}`, {
    hint: "pull the image again",
    cause,
  });
}
