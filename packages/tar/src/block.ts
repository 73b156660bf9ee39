/** The size of a tar block in bytes: headers are one block, data is padded to whole blocks. */
export const blockSize = 512;

/** The longest name that the name and linkname fields of a header block hold, in bytes. */
export const nameLength = 100;

/** Where a field of the header block starts, and how long it is, in bytes. */
export interface Field {
  readonly start: number;
  readonly length: number;
}

/** POSIX.1-1988 (ustar), with the fields of GNU tar and star that take the place of its prefix. */
export const fields: Readonly<Record<FieldName, Field>> = {
  name: { start: 0, length: nameLength },
  mode: { start: 100, length: 8 },
  uid: { start: 108, length: 8 },
  gid: { start: 116, length: 8 },
  size: { start: 124, length: 12 },
  mtime: { start: 136, length: 12 },
  checksum: { start: 148, length: 8 },
  typeflag: { start: 156, length: 1 },
  linkname: { start: 157, length: nameLength },
  magic: { start: 257, length: 8 },
  uname: { start: 265, length: 32 },
  gname: { start: 297, length: 32 },
  devmajor: { start: 329, length: 8 },
  devminor: { start: 337, length: 8 },
  prefix: { start: 345, length: 155 },
  gnuAtime: { start: 345, length: 12 },
  gnuCtime: { start: 357, length: 12 },
  gnuSparse: { start: 386, length: 96 },
  gnuIsExtended: { start: 482, length: 1 },
  gnuRealSize: { start: 483, length: 12 },
  starPrefix: { start: 345, length: 131 },
  starAtime: { start: 476, length: 12 },
  starCtime: { start: 488, length: 12 },
  starTrailer: { start: 508, length: 4 },
};

export type FieldName =
  | "name"
  | "mode"
  | "uid"
  | "gid"
  | "size"
  | "mtime"
  | "checksum"
  | "typeflag"
  | "linkname"
  | "magic"
  | "uname"
  | "gname"
  | "devmajor"
  | "devminor"
  | "prefix"
  | "gnuAtime"
  | "gnuCtime"
  | "gnuSparse"
  | "gnuIsExtended"
  | "gnuRealSize"
  | "starPrefix"
  | "starAtime"
  | "starCtime"
  | "starTrailer";

/** How many bytes are missing from `size` to a whole number of blocks. */
export function paddingLength(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}

/** Whether the block that starts at `start` has no byte but zeros. */
export function isZeroBlock(bytes: Uint8Array, start: number): boolean {
  for (let index = start; index < start + blockSize; index++) if (bytes[index] !== 0) return false;
  return true;
}

/** What the checksum of a header block is compared with; the checksum field itself counts as spaces. */
export interface BlockSum {
  /** The sum of the bytes, as POSIX has it. */
  readonly sum: number;
  /** Whether all bytes are ASCII. */
  readonly isAscii: boolean;
}

export function sumBlock(bytes: Uint8Array, start: number): BlockSum {
  const fieldStart = start + fields.checksum.start;
  const fieldEnd = fieldStart + fields.checksum.length;
  const end = start + blockSize;
  let sum = fields.checksum.length * 0x20;
  let seen = 0;
  for (let index = start; index < fieldStart; index++) {
    const byte = bytes[index] as number;
    sum += byte;
    seen |= byte;
  }
  for (let index = fieldEnd; index < end; index++) {
    const byte = bytes[index] as number;
    sum += byte;
    seen |= byte;
  }
  return { sum, isAscii: seen < 0x80 };
}

/** The sum of the bytes taken as signed, as some old tars wrote it. */
export function signedSum(bytes: Uint8Array, start: number, { sum, isAscii }: BlockSum): number {
  if (isAscii) return sum;
  let high = 0;
  for (let index = start; index < start + blockSize; index++) high += (bytes[index] as number) >> 7;
  return sum - 256 * high;
}
