/** What every asynchronous call takes. */
export interface OperationOptions {
  readonly signal?: AbortSignal | undefined;
}

/** What opening a source takes. A transport ignores what it has no use for. */
export interface SourceOptions extends OperationOptions {
  /** Where blobs of OCI layouts are shared between layouts: `<folder>/<algorithm>/<hex>`. */
  readonly sharedBlobDir?: string | undefined;
  /** Where large temporary files go; `$TMPDIR`, `/var/tmp` or the system's place for them where absent. */
  readonly temporaryDir?: string | undefined;
  /** Options of a plugin's own, as the user wrote them: `--src-option key=value`. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /** Told once of each thing that the user should know but that does not stop the work. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** What opening a destination takes. A transport ignores what it has no use for. */
export interface DestinationOptions extends SourceOptions {
  /** Further docker names for the image: `name:tag` each. */
  readonly additionalTags?: readonly string[] | undefined;
  /** Adds to the images that an archive holds already, instead of refusing to touch it. */
  readonly append?: boolean | undefined;
  /**
   * Lets blobs become hard links of the source's files, where both are in one file system. Whoever then changes a blob's
   * file in place changes both images.
   */
  readonly linkBlobs?: boolean | undefined;
  /** Lets layers stay uncompressed where the transport would have them compressed. */
  readonly acceptUncompressedLayers?: boolean | undefined;
  /** What a transport that preserves layers as they come (`dir`) wants them to be instead. */
  readonly layerCompression?: "compress" | "decompress" | undefined;
}
