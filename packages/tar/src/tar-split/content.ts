/** A file of a layer, to be read. Synchronous, as the files of a store are local. */
export interface TarSplitContent {
  /** In bytes. */
  readonly size: number;
  /** Fills the buffer from `position` on as far as there are bytes, and says how many. */
  read(buffer: Uint8Array, position: number): number;
  close(): void;
}

/**
 * Opens the file that an entry's content is in; undefined where there is none. May answer at once, which saves a turn of the
 * event loop for each file.
 *
 * `path` is below the layer's folder: without `.`, `..`, empty parts or a slash at its start or end. That links on the way
 * do not lead out of the folder is for the opener to see to: it follows them as if the folder were the root.
 */
export type OpenTarSplitContent = (
  path: Uint8Array,
) => TarSplitContent | undefined | Promise<TarSplitContent | undefined>;
