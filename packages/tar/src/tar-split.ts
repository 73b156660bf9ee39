/**
 * tar-split, as containers/storage and Docker have it beside each layer: all of a tar but the contents of its files.
 * @module
 */
export type { OpenTarSplitContent, TarSplitContent } from "./tar-split/content.ts";
export type { TarSplitEntry, TarSplitFile, TarSplitSegment } from "./tar-split/entry.ts";
export { createTarSplitPacker, type TarSplitPacker, type TarSplitPackerOptions } from "./tar-split/packer.ts";
export { type ReassembleTarOptions, reassembleTar } from "./tar-split/reassemble.ts";
