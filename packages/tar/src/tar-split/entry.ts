/** Bytes of the archive as they stand in it: headers, padding, the zero blocks at the end and what follows them. */
export interface TarSplitSegment {
  readonly type: "segment";
  readonly payload: Uint8Array;
}

/** Where the content of a file of the layer stands in the archive; without content, only that there is such an entry. */
export interface TarSplitFile {
  readonly type: "file";
  /** As the archive has it, which may be `./x`, `/x` or `../x`. */
  readonly rawName: Uint8Array;
  /** Of the content, in bytes. */
  readonly size: number;
  /** CRC-64 of the content by the polynomial of ISO 3309: 8 bytes, the highest first; none where there is no content. */
  readonly crc64: Uint8Array;
}

/** What one line of tar-split's JSON says. */
export type TarSplitEntry = TarSplitSegment | TarSplitFile;
