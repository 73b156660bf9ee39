/** A file of a layer, to be read. Synchronous, as the files of a store are local. */
export interface TarSplitContent {
  /** In bytes. */
  readonly size: number;
  /** Fills the buffer from `position` on as far as there are bytes, and says how many. */
  read(buffer: Uint8Array, position: number): number;
  close(): void;
}

/**
 * Opens the file that an entry's content is in; undefined where there is none.
 *
 * `rawName` is from outside, and stands as the archive has it: `..`, a leading `/` and links are for the opener to follow as
 * if the layer's folder were the root. May answer at once, which saves a turn of the event loop for each file.
 */
export type OpenTarSplitContent = (
  rawName: Uint8Array,
) => TarSplitContent | undefined | Promise<TarSplitContent | undefined>;
