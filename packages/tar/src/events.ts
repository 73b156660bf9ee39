import type { TarHeader } from "./header.ts";

/** A header was read. Data events follow if its `size` is not 0, then its entry-end. */
export interface TarHeaderEvent {
  readonly type: "header";
  readonly header: TarHeader;
  /**
   * Every block of this entry's headers as it stands in the archive: PAX headers and GNU long names with their
   * bodies and padding, the header itself, and the extension blocks of a sparse map. The caller's to keep; a view of
   * a buffer that others share, so not one to be transferred.
   */
  readonly rawBlocks: Uint8Array;
  /** Where `rawBlocks` start, in bytes from the archive's start. */
  readonly headerOffset: number;
  /** Where the data starts, in bytes from the archive's start. */
  readonly dataOffset: number;
}

/** A piece of the data: a view of a pushed chunk, valid as long as the caller leaves that chunk alone. */
export interface TarDataEvent {
  readonly type: "data";
  readonly bytes: Uint8Array;
}

export interface TarEntryEndEvent {
  readonly type: "entry-end";
  /** The bytes that fill up the last block of data, as they stand in the archive; undefined after `skipData`. */
  readonly padding: Uint8Array | undefined;
}

/** A global PAX header (typeflag g). As in Go, its records are told but change no entry. */
export interface TarGlobalEvent {
  readonly type: "global";
  readonly records: ReadonlyMap<string, Uint8Array>;
  readonly rawBlocks: Uint8Array;
  readonly headerOffset: number;
}

/** The archive's end. */
export interface TarEndEvent {
  readonly type: "end";
  /** The zero blocks that end the archive: two, or one or none where the input ends early. */
  readonly rawBlocks: Uint8Array;
  readonly offset: number;
}

/** Bytes after the archive's end, which no rule gives a meaning: a view of a pushed chunk. */
export interface TarTrailingEvent {
  readonly type: "trailing";
  readonly bytes: Uint8Array;
}

export type TarEvent =
  | TarHeaderEvent
  | TarDataEvent
  | TarEntryEndEvent
  | TarGlobalEvent
  | TarEndEvent
  | TarTrailingEvent;
