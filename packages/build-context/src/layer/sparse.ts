import { DrayageError } from "@drayage/errors";
import type { SparseFragment, TarHeader } from "@drayage/tar";

/** Makes an entry's data the content of its file: of sparse files with the zeros that they leave out. */
export interface Expander {
  expand(bytes: Uint8Array): Iterable<Uint8Array>;
  finish(): Iterable<Uint8Array>;
}

const plain: Expander = { expand: (bytes) => [bytes], finish: () => [] };
const zeros = new Uint8Array(64 * 1024);
const blockSize = 512;
const mapLimit: number = 4 * 1024 * 1024;

export function expandSparse({ sparse }: TarHeader): Expander {
  if (sparse === undefined) return plain;
  const { realSize } = sparse;
  let fragments = sparse.fragments;
  let map = Buffer.alloc(0);
  let at = 0;
  let index = 0;

  function* place(
    bytes: Uint8Array,
    known: readonly SparseFragment[],
  ): Generator<Uint8Array, void, undefined> {
    for (let done = 0; done < bytes.length; ) {
      const fragment = known[index];
      if (fragment === undefined) throw invalid("has more data than its map");
      yield* hole(fragment.offset - at);
      at = Math.max(at, fragment.offset);
      const count = Math.min(bytes.length - done, fragment.offset + fragment.length - at);
      if (count > 0) yield bytes.subarray(done, done + count);
      at += count;
      done += count;
      if (at === fragment.offset + fragment.length) index += 1;
    }
  }

  return {
    *expand(bytes) {
      if (fragments !== undefined) {
        yield* place(bytes, fragments);
        return;
      }
      map = Buffer.concat([map, bytes]);
      const read = readMap(map, realSize);
      if (read === undefined) return;
      fragments = read.fragments;
      yield* place(read.rest, fragments);
    },
    *finish() {
      if (fragments === undefined) throw invalid("has a map that is cut off");
      const last = fragments.slice(index).some(({ length }) => length > 0);
      if (last) throw invalid("has less data than its map");
      yield* hole(realSize - at);
    },
  };
}

function* hole(length: number): Generator<Uint8Array, void, undefined> {
  for (let left = length; left > 0; left -= zeros.length)
    yield zeros.subarray(0, Math.min(left, zeros.length));
}

/**
 * The map that the data of version 1.0 starts with: decimal numbers, each with a line feed behind it, that say how many fragments there
 * are and where; then zeros up to a whole block (GNU tar's manual, "PAX Format, Version 1.0"). Undefined where it is not all there.
 */
function readMap(
  bytes: Buffer,
  realSize: number,
): { readonly fragments: readonly SparseFragment[]; readonly rest: Uint8Array } | undefined {
  if (bytes.length > mapLimit) throw invalid(`has a map of more than ${mapLimit} bytes`);
  const numbers: number[] = [];
  let at = 0;
  while (numbers[0] === undefined || numbers.length < 1 + 2 * numbers[0]) {
    const end = bytes.indexOf(0x0a, at);
    if (end === -1) return undefined;
    const text = bytes.toString("latin1", at, end);
    if (!/^\d{1,15}$/.test(text)) throw invalid("has a map with something that is no number");
    numbers.push(Number(text));
    at = end + 1;
  }
  const start = Math.ceil(at / blockSize) * blockSize;
  if (bytes.length < start) return undefined;
  return { fragments: fragmentsOf(numbers.slice(1), realSize), rest: bytes.subarray(start) };
}

function fragmentsOf(numbers: readonly number[], realSize: number): readonly SparseFragment[] {
  const fragments: SparseFragment[] = [];
  let end = 0;
  for (let index = 0; index < numbers.length; index += 2) {
    const [offset = 0, length = 0] = numbers.slice(index, index + 2);
    if (offset < end || offset + length > realSize) throw invalid("has a map that leaves the file");
    end = offset + length;
    fragments.push({ offset, length });
  }
  return fragments;
}

function invalid(what: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_ARCHIVE_INVALID", `a sparse file of the archive ${what}`);
}
