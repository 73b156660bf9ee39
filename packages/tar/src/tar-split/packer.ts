import type { DrayageError } from "@drayage/errors";
import { paddingLength } from "../block.ts";
import { type BlockHeader, parseBlock } from "../block-header.ts";
import type { TarEvent, TarGlobalEvent, TarHeaderEvent } from "../events.ts";
import type { TarHeader } from "../header.ts";
import { archiveProblem, type Problem } from "../problem.ts";
import type { ByteString } from "../text.ts";
import { chooseCrc64, crc64Bytes } from "./crc64.ts";
import { createJsonLines } from "./json-lines.ts";
import { type LayerPath, LayerPaths, linkTarget } from "./layer-paths.ts";
import type { Content, Place } from "./place.ts";
import { createSegmentBuffer } from "./segment-buffer.ts";

export interface TarSplitPackerOptions {
  /** Takes lines of JSON, in pieces of about 128 KiB, each the callee's to keep. They are to be gzipped. */
  write(lines: Uint8Array): void;
}

/** Makes the tar-split of an archive from the events of a `TarDecoder`, while the archive goes by. Synchronous. */
export interface TarSplitPacker {
  /**
   * Takes every event, in order; data must not have been passed over with `skipData`.
   *
   * Throws `ERR_DRAYAGE_ARCHIVE_INVALID` where the archive replaces a file by something else later: its content would be
   * gone, and the archive could not be given back.
   */
  take(event: TarEvent): void;
  /** Writes what is left. Call it after the last event. */
  finish(): void;
}

/** What becomes of the data of the entry that is being read. */
interface Current {
  readonly event: TarHeaderEvent;
  readonly found: LayerPath | undefined;
  /** Whether the data stays in the folder; else it is kept here, among the headers. */
  isLeft: boolean;
  /** What the data has to be equal to. */
  readonly before: Content | undefined;
  crc: bigint;
}

/**
 * A packer whose lines are those of Go's tar-split. Data that cannot be given back from the layer's folder is kept in the
 * lines: that of sparse files, of whiteouts, of types without a meaning, of names that Go's tools would look for outside
 * the folder, and of paths that stand in the archive more than once. Go's tools refuse such archives or fail to give them
 * back; what is made here they give back.
 */
export function createTarSplitPacker(options: TarSplitPackerOptions): TarSplitPacker {
  const lines = createJsonLines(options.write);
  const segment = createSegmentBuffer((payload) => lines.add({ type: "segment", payload }));
  const crc64 = chooseCrc64();
  const paths = new LayerPaths();
  /** Those of the entries so far: Go's tools take no tar-split that has a name twice. */
  const names = new Set<ByteString>();
  let current: Current | undefined;

  function takeHeader(event: TarHeaderEvent): void {
    segment.addHeaders(event.rawBlocks);
    segment.flush();
    const { header } = event;
    const found = paths.find(header.rawName, header.name);
    current = { event, found, isLeft: false, before: found?.place.content, crc: 0n };
    if (found === undefined) return;
    const { path, place, way, isFound } = found;
    if (place.isNeeded && !staysOnTheWay(place, header)) throw replaced(event, "the folder of a file");
    if (way.some(({ content }) => content !== undefined)) throw replaced(event, "a file by a folder");
    const hasData = header.type === "file" && header.size > 0 && isFound;
    const { before } = current;
    if (before !== undefined && !(hasData && header.size === before.size)) throw replaced(event, "a file");
    const isFirst = !place.isTaken && !names.has(path);
    place.isTaken = true;
    names.add(path);
    current.isLeft = hasData && isFirst;
    if (current.isLeft) for (const folder of way) folder.isNeeded = true;
    else if (isFirst) addFile(header.rawName, undefined);
    paths.put(place, header);
  }

  /** Whether a place on which contents depend goes on leading to them. */
  function staysOnTheWay({ target }: Place, header: TarHeader): boolean {
    if (target === undefined) return header.type === "directory";
    return header.type === "symlink" && linkTarget(header) === target;
  }

  function takeData(bytes: Uint8Array): void {
    if (current === undefined) return;
    if (current.isLeft || current.before !== undefined) current.crc = crc64(bytes, current.crc);
    if (!current.isLeft) segment.addData(bytes);
  }

  function endEntry(padding: Uint8Array | undefined): void {
    if (current !== undefined) {
      const { event, found, isLeft, before, crc } = current;
      if (isLeft && found !== undefined) {
        found.place.content = { size: event.header.size, crc };
        addFile(event.header.rawName, found.place.content);
      } else if (before !== undefined && before.crc !== crc) {
        throw replaced(event, "a file");
      }
      current = undefined;
    }
    if (padding !== undefined) segment.addHeaders(padding);
  }

  /** Go's reader tells a global header as an entry of its own, and what pads it with the next. */
  function takeGlobal(event: TarGlobalEvent): void {
    const { rawBlocks } = event;
    const { rawName, size } = globalBlock(event);
    const end = rawBlocks.length - paddingLength(size);
    segment.addHeaders(rawBlocks.subarray(0, end));
    segment.flush();
    segment.addHeaders(rawBlocks.subarray(end));
    const path = paths.find(rawName)?.path;
    if (path === undefined || names.has(path)) return;
    names.add(path);
    addFile(rawName, undefined);
  }

  function addFile(rawName: Uint8Array, content: Content | undefined): void {
    const crc = content === undefined ? new Uint8Array(0) : crc64Bytes(content.crc);
    lines.add({ type: "file", rawName, size: content?.size ?? 0, crc64: crc });
  }

  return {
    take(event) {
      switch (event.type) {
        case "header":
          return takeHeader(event);
        case "data":
          return takeData(event.bytes);
        case "entry-end":
          return endEntry(event.padding);
        case "global":
          return takeGlobal(event);
        case "end":
          segment.addHeaders(event.rawBlocks);
          return segment.flush();
        case "trailing":
          return segment.addData(event.bytes);
      }
    },
    finish() {
      segment.flush();
      lines.flush();
    },
  };
}

function replaced(event: TarHeaderEvent, what: string): DrayageError {
  const { header, headerOffset } = event;
  return archiveProblem(
    `it replaces ${what} that stands before it in the archive, whose content would be lost`,
    {
      name: header.name,
      offset: headerOffset,
    },
  );
}

/** The size of a global header's body, and its name as Go's reader gives it. */
function globalBlock({
  records,
  rawBlocks,
  headerOffset,
}: TarGlobalEvent): Pick<BlockHeader, "rawName" | "size"> {
  const problem: Problem = (what, code) => archiveProblem(what, { offset: headerOffset }, code);
  const { rawName, size } = parseBlock(rawBlocks, 0, problem);
  const path = records.get("path");
  return { rawName: path === undefined || path.length === 0 ? rawName : path, size };
}
