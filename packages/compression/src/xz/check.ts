import { createHasher, digestHex } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { gzipChecksum } from "../gzip/checksum.ts";
import { createCrc64 } from "./crc64.ts";

/** How a stream's blocks are checked. */
export interface CheckType {
  readonly name: string;
  /** How many bytes the check has. */
  readonly size: number;
  create(): Check;
}

export interface Check {
  update(bytes: Uint8Array): void;
  /** The check of all bytes so far, as it stands in the stream. */
  value(): Uint8Array;
}

/** The check of a stream whose flags have this number (xz-file-format 2.1.1.2). */
export function checkType(id: number): CheckType {
  const type = types.get(id);
  if (type !== undefined) return type;
  throw new DrayageError(
    "ERR_DRAYAGE_COMPRESSION_UNSUPPORTED",
    `the xz stream has a check of unknown type ${id}`,
  );
}

const none: CheckType = {
  name: "none",
  size: 0,
  create: () => ({ update: () => {}, value: () => new Uint8Array(0) }),
};

const crc32: CheckType = {
  name: "CRC32",
  size: 4,
  create() {
    let crc = 0;
    return {
      update(bytes) {
        crc = gzipChecksum(bytes, crc);
      },
      value() {
        const bytes = new Uint8Array(4);
        new DataView(bytes.buffer).setUint32(0, crc, true);
        return bytes;
      },
    };
  },
};

const crc64: CheckType = { name: "CRC64", size: 8, create: createCrc64 };

const sha256: CheckType = {
  name: "SHA-256",
  size: 32,
  create() {
    const hasher = createHasher("sha256");
    return {
      update: (bytes) => hasher.update(bytes),
      value() {
        const pairs = digestHex(hasher.digest()).match(/../g) ?? [];
        return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
      },
    };
  },
};

const types: ReadonlyMap<number, CheckType> = new Map([
  [0x00, none],
  [0x01, crc32],
  [0x04, crc64],
  [0x0a, sha256],
]);
