import { ftruncateSync, writeSync } from "node:fs";
import { DrayageError } from "@drayage/errors";
import type { SparseFragment, TarHeader } from "@drayage/tar";
import { invalid } from "./entry-error.ts";

/** Puts an entry's data into an open file. */
export interface FileWriter {
  /** How many bytes the file has in the end. */
  readonly size: number;
  write(bytes: Uint8Array): void;
  finish(): void;
}

export function createFileWriter(fd: number, { sparse, size }: TarHeader): FileWriter {
  if (sparse === undefined) {
    return {
      size,
      write(bytes) {
        for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done);
      },
      finish: () => undefined,
    };
  }
  const { realSize, fragments } = sparse;
  const data = fragments === undefined ? createMapReader(realSize) : undefined;
  const known = fragments && createFragmentWriter(fd, fragments);
  let writer = known;
  return {
    size: realSize,
    write(bytes) {
      if (writer === undefined) {
        const found = data?.push(bytes);
        if (found === undefined) return;
        writer = createFragmentWriter(fd, found.fragments);
        writer(found.rest);
      } else {
        writer(bytes);
      }
    },
    finish() {
      if (writer === undefined) throw invalid("the map of a sparse file is cut off");
      ftruncateSync(fd, realSize);
    },
  };
}

/** Takes the fragments' data, one after the other, and writes each to its place. */
function createFragmentWriter(fd: number, fragments: readonly SparseFragment[]): (bytes: Uint8Array) => void {
  let index = 0;
  let done = 0;
  return (bytes) => {
    for (let at = 0; at < bytes.length; ) {
      const fragment = fragments[index];
      if (fragment === undefined) throw invalid("a sparse file has more data than its map");
      const length = Math.min(fragment.length - done, bytes.length - at);
      const written = length === 0 ? 0 : writeSync(fd, bytes, at, length, fragment.offset + done);
      at += written;
      done += written;
      if (done < fragment.length) continue;
      index += 1;
      done = 0;
    }
  };
}

const blockSize = 512;
const mapLimit = 4 * 1024 * 1024;

interface MapReader {
  push(
    bytes: Uint8Array,
  ): { readonly fragments: readonly SparseFragment[]; readonly rest: Uint8Array } | undefined;
}

/**
 * The map of version 1.0, with which the data begins: decimal numbers, each with a line feed behind it, that say how many
 * fragments there are and where; then zeros up to a whole block. GNU tar's manual, "PAX Format, Version 1.0".
 */
function createMapReader(realSize: number): MapReader {
  let text = Buffer.alloc(0);
  const numbers: number[] = [];
  let at = 0;
  const isWhole = (): boolean => numbers[0] !== undefined && numbers.length > 2 * numbers[0];
  return {
    push(bytes) {
      text = Buffer.concat([text, bytes]);
      while (!isWhole()) {
        const end = text.indexOf(0x0a, at);
        if (end === -1) break;
        numbers.push(numberOf(text.toString("latin1", at, end)));
        at = end + 1;
      }
      const dataStart = Math.ceil(at / blockSize) * blockSize;
      if (isWhole() && dataStart <= text.length) {
        return { fragments: fragmentsOf(numbers.slice(1), realSize), rest: text.subarray(dataStart) };
      }
      if (text.length > mapLimit) {
        throw new DrayageError(
          "ERR_DRAYAGE_LIMIT_EXCEEDED",
          `the map of a sparse file has more than ${mapLimit} bytes`,
        );
      }
      return undefined;
    },
  };
}

function numberOf(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw invalid("the map of a sparse file has something that is no number");
  return Number(text);
}

function fragmentsOf(numbers: readonly number[], realSize: number): readonly SparseFragment[] {
  const fragments: SparseFragment[] = [];
  let end = 0;
  for (let index = 0; index < numbers.length; index += 2) {
    const [offset = 0, length = 0] = numbers.slice(index, index + 2);
    if (offset < end || offset + length > realSize) throw invalid("the map of a sparse file leaves the file");
    end = offset + length;
    fragments.push({ offset, length });
  }
  return fragments;
}
