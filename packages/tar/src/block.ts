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

/**
 * The sums of a header block's bytes, its checksum field counted as spaces: of unsigned bytes, as POSIX
 * has it, and of signed ones, as some old tars wrote it.
 */
export function checksums(bytes: Uint8Array, start: number): { unsigned: number; signed: number } {
  const fieldStart = start + fields.checksum.start;
  const fieldEnd = fieldStart + fields.checksum.length;
  let unsigned = 0;
  let high = 0;
  for (let index = start; index < start + blockSize; index++) {
    const byte = bytes[index] as number;
    unsigned += byte;
    high += byte >> 7;
  }
  for (let index = fieldStart; index < fieldEnd; index++) {
    const byte = bytes[index] as number;
    unsigned += 0x20 - byte;
    high -= byte >> 7;
  }
  return { unsigned, signed: unsigned - 256 * high };
}
