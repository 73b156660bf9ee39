import { type Blob, openBlob, streamBlob } from "@drayage/blob";
import type { RepackOptions } from "@drayage/storage";
import { encodeTarHeader, TarDecoder, type TarHeader, type TarHeaderEvent, type TarTime } from "@drayage/tar";

/** A tar with other times: buildah's filter. What is not to be changed is given as it is. */
export function retimedTar(tar: Blob, { time, latest }: Pick<RepackOptions, "latest" | "time">): Blob {
  if (time === undefined && latest === undefined) return tar;
  const change = (own: TarTime): TarTime => {
    if (time !== undefined) return time;
    return latest !== undefined && isLater(own, latest) ? latest : own;
  };
  return streamBlob(({ signal }) => retimed(openBlob(tar, { signal }), change), { what: tar.what });
}

type Change = (time: TarTime) => TarTime;

function isLater(a: TarTime, b: TarTime): boolean {
  return a.seconds > b.seconds || (a.seconds === b.seconds && a.nanoseconds > b.nanoseconds);
}

/** Chunks stay as large as they come: most times are changed where they stand. */
async function* retimed(
  tar: AsyncIterable<Uint8Array>,
  change: Change,
): AsyncGenerator<Uint8Array, void, undefined> {
  const decoder = new TarDecoder();
  /** What was not given yet, and where in the tar it starts. A header is given whole. */
  let held: Uint8Array = new Uint8Array();
  let start = 0;
  /** Where the next header starts; undefined within an entry's data, and behind the archive's end. */
  let next: number | undefined = 0;
  let end = 0;

  /** Takes the decoder's events. Gives what is not just changed where it stands. */
  function* heed(): Generator<Uint8Array, void, undefined> {
    for (let event = decoder.next(); event !== undefined; event = decoder.next()) {
      if (event.type === "header") {
        next = undefined;
        end = event.dataOffset;
        const changed = changeHeader(event, change, held.subarray(0, event.dataOffset - start));
        if (changed === undefined) continue;
        yield held.subarray(0, event.headerOffset - start);
        yield changed;
        held = held.subarray(event.dataOffset - start);
        start = event.dataOffset;
      } else if (event.type === "data") {
        end += event.bytes.length;
      } else if (event.type === "entry-end") {
        end += event.padding?.length ?? 0;
        next = end;
      } else if (event.type === "global") {
        next = event.headerOffset + event.rawBlocks.length;
        end = next;
      } else {
        next = undefined;
      }
    }
  }

  for await (const chunk of tar) {
    // A copy: `slice` of a Buffer is none.
    const own = new Uint8Array(chunk);
    held = held.length === 0 ? own : Buffer.concat([held, own]);
    decoder.push(own);
    yield* heed();
    const ready = held.subarray(0, next === undefined ? held.length : next - start);
    held = held.subarray(ready.length);
    start += ready.length;
    if (ready.length > 0) yield ready;
  }
  decoder.finish();
  yield* heed();
  if (held.length > 0) yield held;
}

const blockLength = 512;
/** Where the ustar header has its time and its checksum (POSIX.1-2017, pax). */
const mtimeAt = 136;
const mtimeLength = 12;
const checksumAt = 148;
const checksumLength = 8;
const largestOctal: number = 8 ** 11 - 1;
const timeRecords: readonly string[] = ["mtime", "atime", "ctime"];

/**
 * Changes the time of a header, the last block of `bytes`, where it stands; gives a header that is written anew where that cannot be.
 */
function changeHeader({ header }: TarHeaderEvent, change: Change, bytes: Uint8Array): Uint8Array | undefined {
  const { mtime, atime, ctime } = header;
  const times = [mtime, atime, ctime].filter((time) => time !== undefined);
  if (times.every((time) => isSame(time, change(time)))) return undefined;
  const { seconds, nanoseconds } = change(mtime);
  const isPlain =
    timeRecords.every((name) => !header.pax.has(name)) &&
    [atime, ctime].every((time) => time === undefined) &&
    header.type !== "sparse" &&
    nanoseconds === 0 &&
    seconds >= 0 &&
    seconds <= largestOctal;
  if (!isPlain) return encodeTarHeader(withTimes(header, change));
  const block = bytes.subarray(-blockLength);
  writeOctal(block, mtimeAt, mtimeLength, seconds);
  block.fill(0x20, checksumAt, checksumAt + checksumLength);
  const sum = block.reduce((total, byte) => total + byte, 0);
  // As Go writes it: six digits, a zero, a space.
  writeOctal(block, checksumAt, checksumLength - 1, sum);
  return undefined;
}

function isSame(a: TarTime, b: TarTime): boolean {
  return a.seconds === b.seconds && a.nanoseconds === b.nanoseconds;
}

function withTimes(header: TarHeader, change: Change): TarHeader {
  const { mtime, atime, ctime, pax } = header;
  return {
    ...header,
    mtime: change(mtime),
    ...(atime !== undefined && { atime: change(atime) }),
    ...(ctime !== undefined && { ctime: change(ctime) }),
    pax: new Map([...pax].filter(([name]) => !timeRecords.includes(name))),
  };
}

/** Digits with zeros in front, and a zero byte at the end. */
function writeOctal(block: Uint8Array, at: number, length: number, value: number): void {
  const digits = value.toString(8).padStart(length - 1, "0");
  for (let index = 0; index < length - 1; index += 1) block[at + index] = digits.charCodeAt(index);
  block[at + length - 1] = 0;
}
