/** What a reader of archives accepts. All are numbers of bytes. */
export interface TarLimits {
  /** The body of one PAX header, GNU long name or long link. Go's and libarchive's limit is the default, 1 MiB. */
  readonly recordBytes?: number | undefined;
  /** All header blocks of one entry together, its PAX and long-name bodies and sparse maps included. Default 4 MiB. */
  readonly headerBytes?: number | undefined;
  /** All global PAX headers of the archive together. Default 4 MiB. */
  readonly globalBytes?: number | undefined;
}

const mebibyte = 1024 * 1024;

export function fillLimits(limits: TarLimits): Required<{ [K in keyof TarLimits]: number }> {
  return {
    recordBytes: limits.recordBytes ?? mebibyte,
    headerBytes: limits.headerBytes ?? 4 * mebibyte,
    globalBytes: limits.globalBytes ?? 4 * mebibyte,
  };
}
