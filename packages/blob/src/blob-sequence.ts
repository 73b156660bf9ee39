import { ftruncateSync } from "node:fs";
import { ioError, isDrayageError } from "@drayage/errors";
import type { Blob, BlobStage } from "./blob.ts";
import { drain } from "./drain.ts";
import { expectedSize } from "./expected-size.ts";
import { writeAllSync } from "./file-writes.ts";
import { interruptOf } from "./interrupt.ts";
import { moveBytes } from "./move-bytes.ts";
import type { BlobSink, DrainOptions, DrainResult } from "./sink.ts";

export interface BlobSequenceOptions {
  /** Where the first entry starts. */
  readonly start: number;
  /** What stands behind a blob of `size` bytes. */
  padding(size: number): Uint8Array;
}

export interface AddToSequenceOptions extends DrainOptions {
  /** How long the header will be, most likely, of a blob of `size` bytes, or of one whose size nobody knows. */
  room(size: number | undefined): number;
  /**
   * What stands before the blob, once it came whole, and where that will be; undefined where the blob is to be left out.
   * Asked once, in the order of the entries. `room` is what {@link room} had said.
   */
  header(
    result: BlobStage,
    place: { readonly position: number; readonly room: number },
  ): Uint8Array | undefined;
  /** Called once the blob has its place, if others may follow before it is there. */
  readonly onPlace?: (() => void) | undefined;
}

/** Entries that follow one another in a file in the order of the calls, each of them a header, a blob and padding. */
export interface BlobSequence {
  /** Brings a blob to its place. Where that fails, there is no entry. What came is whole and verified. */
  add(blob: Blob, options: AddToSequenceOptions): Promise<DrainResult>;
  /** Adds an entry that is bytes and nothing else. */
  append(bytes: Uint8Array): Promise<void>;
  /** Waits for all entries, brings them to order, and gives the position behind the last one, where the file ends. */
  settle(options?: { readonly signal?: AbortSignal | undefined }): Promise<number>;
  /** Aborts what is on its way, and waits for its end: nothing is written any more. */
  stop(): Promise<void>;
  /** Takes back all entries behind a position that {@link settle} gave. */
  rewind(position: number): Promise<void>;
}

interface Entry {
  /** Where the room for its header starts, and how long that is. The blob stands behind it. */
  start: number;
  room: number;
  /** The blob's size, once all of it is there. */
  size: number | undefined;
  /** What stands before the blob if the entry is at `position`; undefined where there is to be no entry. */
  header: (position: number) => Uint8Array | undefined;
}

/**
 * Several blobs are written at the same time where their sizes can be told beforehand: each has its place as soon as it is
 * added. One whose size is not known comes alone behind the others. One that turns out longer or shorter than was expected
 * is drained anew behind the others, and what is not in order in the end is moved: the file is what it would be had each
 * blob come after the other.
 */
export function createBlobSequence(
  file: { readonly fd: number; readonly path: string },
  { start, padding }: BlobSequenceOptions,
): BlobSequence {
  /** Behind `end`, in the order of the calls. */
  let entries: Entry[] = [];
  /** The position behind all that is in order for good. */
  let end = start;
  /** The position behind all places. */
  let tail = start;
  /** How many blobs are on their way to places of their own. */
  let moving = 0;
  /** Why the file cannot be completed: bytes were lost while they were moved. */
  let broken: { readonly error: unknown } | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let stopping = new AbortController();
  const pending = new Set<Promise<unknown>>();

  /** Runs one work after the other, in the order of the calls. */
  async function inTurn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = last;
    let done = (): void => undefined;
    const mine = new Promise<void>((resolve) => {
      done = resolve;
    });
    last = before.then(() => mine);
    try {
      using interrupt = interruptOf(signal);
      await interrupt.race(before);
      if (broken !== undefined) throw broken.error;
      return await work();
    } finally {
      done();
    }
  }

  /** Gives an entry a place behind all others. */
  function place(entry: Entry, room: number, size: number): void {
    entry.start = tail;
    entry.room = room;
    tail += room + size + padding(size).length;
  }

  async function fill(entry: Entry, blob: Blob, options: AddToSequenceOptions): Promise<DrainResult> {
    const { room } = entry;
    const sink: BlobSink = { kind: "file", fd: file.fd, path: file.path, position: entry.start + room };
    const result = await drain(blob, sink, options);
    entry.size = result.size;
    entry.header = (position) => options.header(result, { position, room });
    return result;
  }

  /** Drains a blob of any size behind all others. Nobody else may get a place meanwhile. */
  async function fillLast(entry: Entry, blob: Blob, options: AddToSequenceOptions): Promise<DrainResult> {
    const room = options.room(undefined);
    entry.start = tail;
    entry.room = room;
    const result = await fill(entry, blob, options);
    place(entry, room, result.size);
    return result;
  }

  async function add(blob: Blob, given: AddToSequenceOptions): Promise<DrainResult> {
    const signal =
      given.signal === undefined ? stopping.signal : AbortSignal.any([given.signal, stopping.signal]);
    const options = { ...given, signal };
    const entry: Entry = { start: tail, room: 0, size: undefined, header: () => undefined };

    const begun = await inTurn(signal, async () => {
      const size = await expectedSize(blob, { signal });
      await tidy();
      entries.push(entry);
      if (size === undefined) return { result: await fillLast(entry, blob, options) };
      place(entry, options.room(size), size);
      moving += 1;
      return { size };
    });
    if (begun.result !== undefined) return begun.result;
    try {
      options.onPlace?.();
      // With its size said, the drain ends before it writes to what is another's place.
      return await fill(entry, { ...blob, size: begun.size }, options);
    } catch (error) {
      const wasHint = blob.size === undefined && blob.origin.kind !== "stream";
      if (!wasHint || !isDrayageError(error, "ERR_DRAYAGE_SIZE_MISMATCH")) throw error;
      return await inTurn(signal, () => fillLast(entry, blob, options));
    } finally {
      moving -= 1;
    }
  }

  async function append(bytes: Uint8Array): Promise<void> {
    await inTurn(stopping.signal, async () => {
      await tidy();
      const entry: Entry = { start: tail, room: 0, size: 0, header: () => bytes };
      place(entry, bytes.length, 0);
      entries.push(entry);
    });
  }

  /** Brings what is there to order, as long as nothing is on its way: then hardly anything has to be moved later. */
  async function tidy(): Promise<void> {
    if (moving === 0) await bringToOrder(stopping.signal);
  }

  async function bringToOrder(signal: AbortSignal): Promise<void> {
    if (entries.length === 0) return;
    try {
      for (let entry = entries[0]; entry !== undefined; entry = entries[0]) {
        await settleFirst(entry, signal);
        entries.shift();
      }
      // What failed may have left bytes behind all places.
      truncate(end);
    } catch (error) {
      broken = { error };
      throw error;
    }
  }

  /** Gives the first entry its last place. One whose blob failed has none. */
  async function settleFirst(entry: Entry, signal: AbortSignal): Promise<void> {
    const { size } = entry;
    const header = size === undefined ? undefined : entry.header(end);
    if (size === undefined || header === undefined) return;
    const to = end + header.length;
    const behind = padding(size);
    const next = to + size + behind.length;
    if (to !== entry.start + entry.room) {
      while (entries.some((other) => other !== entry && other.size !== undefined && other.start < next)) {
        await lineUp(signal);
      }
      await moveBytes(file, { from: entry.start + entry.room, to, length: size }, signal);
    }
    writeAllSync(file, header, end);
    writeAllSync(file, behind, to + size);
    end = next;
  }

  /** Moves all entries behind the last place, in their order. */
  async function lineUp(signal: AbortSignal): Promise<void> {
    for (const entry of entries) {
      const { room, size } = entry;
      if (size === undefined) continue;
      const from = entry.start + room;
      place(entry, room, size);
      await moveBytes(file, { from, to: entry.start + room, length: size }, signal);
    }
  }

  function truncate(length: number): void {
    try {
      ftruncateSync(file.fd, length);
    } catch (error) {
      throw ioError(error, "shorten", { path: file.path });
    }
    tail = length;
  }

  function awaited<T>(promise: Promise<T>): Promise<T> {
    const forget = (): void => {
      pending.delete(promise);
    };
    pending.add(promise);
    promise.then(forget, forget);
    return promise;
  }

  async function allEnded(): Promise<void> {
    while (pending.size > 0) await Promise.allSettled(pending);
  }

  async function stop(): Promise<void> {
    const stopped = stopping;
    stopping = new AbortController();
    stopped.abort(new Error(`nothing more is written to ${JSON.stringify(file.path)}`));
    await allEnded();
  }

  return {
    add: (blob, options) => awaited(add(blob, options)),
    append: (bytes) => awaited(append(bytes)),
    async settle({ signal = stopping.signal } = {}) {
      await allEnded();
      await inTurn(signal, async () => {
        if (moving > 0) throw new TypeError("a sequence is settled before all its blobs are there");
        await bringToOrder(signal);
      });
      return end;
    },
    stop,
    async rewind(position) {
      await stop();
      entries = [];
      broken = undefined;
      end = position;
      truncate(position);
    },
  };
}
