import type { DrayageError } from "@drayage/errors";
import { paddingLength } from "../block.ts";
import { type BlockHeader, parseBlock } from "../block-header.ts";
import type { TarEvent, TarGlobalEvent, TarHeaderEvent } from "../events.ts";
import { archiveProblem, type Problem } from "../problem.ts";
import type { ByteString } from "../text.ts";
import { chooseCrc64, crc64Bytes } from "./crc64.ts";
import { createJsonLines } from "./json-lines.ts";
import { LayerPaths } from "./layer-paths.ts";
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

/** A file whose content is left to the layer's folder. */
interface Content {
  readonly size: number;
  readonly crc: bigint;
}

/** What becomes of the data of the entry that is being read. */
interface Current {
  readonly event: TarHeaderEvent;
  readonly path: ByteString;
  /** Whether the data stays in the folder; else it is kept here, among the headers. */
  readonly isLeft: boolean;
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
  /** Every path so far: with its content where that is left to the folder. */
  const known = new Map<ByteString, Content | undefined>();
  /** The folders on the way to such contents. */
  const needed = new Set<ByteString>();
  let current: Current | undefined;

  function takeHeader(event: TarHeaderEvent): void {
    const { header } = event;
    const { named, path, isFound, folders } = paths.find(header.rawName, header.name);
    if (needed.has(path) && !staysOnTheWay(path, event)) throw replaced(event, "the folder of a file");
    if (folders.some((folder) => hasContent(folder))) throw replaced(event, "a file by a folder");
    const before = known.get(path);
    const hasData = header.type === "file" && header.size > 0 && isFound;
    if (before !== undefined && !(hasData && header.size === before.size)) throw replaced(event, "a file");
    const isFirst = !known.has(path) && !known.has(named);
    segment.addHeaders(event.rawBlocks);
    segment.flush();
    const isLeft = hasData && isFirst;
    if (isLeft) for (const folder of folders) need(folder);
    if (isFirst) {
      known.set(named, undefined);
      known.set(path, undefined);
      if (!isLeft) addFile(header.rawName, undefined);
    }
    paths.put(path, header);
    current = { event, path, isLeft, before, crc: 0n };
  }

  /** Whether a path on which contents depend goes on leading to them. */
  function staysOnTheWay(path: ByteString, { header }: TarHeaderEvent): boolean {
    return paths.isLink(path) ? paths.isSameLink(path, header) : header.type === "directory";
  }

  /** Whether a folder of this path has to take the place of a file. */
  function hasContent(folder: ByteString): boolean {
    for (let path = folder; path !== "" && !needed.has(path); path = parentOf(path)) {
      if (known.get(path) !== undefined) return true;
    }
    return false;
  }

  function need(folder: ByteString): void {
    for (let path = folder; path !== "" && !needed.has(path); path = parentOf(path)) needed.add(path);
  }

  function takeData(bytes: Uint8Array): void {
    if (current === undefined) return;
    if (current.isLeft || current.before !== undefined) current.crc = crc64(bytes, current.crc);
    if (!current.isLeft) segment.addData(bytes);
  }

  function endEntry(padding: Uint8Array | undefined): void {
    if (current !== undefined) {
      const { event, path, isLeft, before, crc } = current;
      if (isLeft) {
        const content = { size: event.header.size, crc };
        known.set(path, content);
        addFile(event.header.rawName, content);
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
    const { named } = paths.find(rawName);
    if (known.has(named)) return;
    known.set(named, undefined);
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

function parentOf(path: ByteString): ByteString {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
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
