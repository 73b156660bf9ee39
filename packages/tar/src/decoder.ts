import { DrayageError } from "@drayage/errors";
import { blockSize, isZeroBlock, paddingLength } from "./block.ts";
import { type BlockHeader, parseBlock } from "./block-header.ts";
import type {
  TarEndEvent,
  TarEntryEndEvent,
  TarEvent,
  TarGlobalEvent,
  TarHeaderEvent,
  TarTrailingEvent,
} from "./events.ts";
import { fillLimits, type TarLimits } from "./limits.ts";
import { mergeHeader } from "./merge.ts";
import { type ParsedPax, parsePaxRecords } from "./pax.ts";
import { archiveProblem, type Problem } from "./problem.ts";
import { hasExtension, hasNextExtension } from "./sparse.ts";
import { decodeText, untilNul } from "./text.ts";

type State = "header" | "body" | "extension" | "second-zero" | "data" | "padding" | "trailing" | "over";

const nothing = new Uint8Array();
const slabLength = 16 * blockSize;

/**
 * Reads a tar archive from chunks of any size: `push` a chunk, take events with `next` until there are none,
 * push the next; `finish` at the input's end, and take the last events.
 *
 * Reads v7, ustar, PAX, GNU and star headers as Go's archive/tar does. An archive may end with two zero blocks,
 * or with one, or with none at the end of an entry (Go accepts these too; what ends within a header or
 * data is refused). What follows the two zero blocks is told as `trailing` and not looked at.
 *
 * Throws `ERR_DRAYAGE_ARCHIVE_INVALID` and `ERR_DRAYAGE_LIMIT_EXCEEDED`, which name the entry and the offset;
 * after that every call throws the same error. Memory is bounded by the limits and by the pushed chunks.
 */
export class TarDecoder {
  readonly #limits: ReturnType<typeof fillLimits>;
  readonly #problem: Problem;

  #state: State = "header";
  #failure: DrayageError | undefined;
  #finished = false;

  readonly #chunks: Uint8Array[] = [];
  /** How many bytes of the first chunk are used. */
  #position = 0;
  /** How many bytes of the archive are used. */
  #offset = 0;

  /** The header blocks of the current entry so far; later its padding. */
  #raw: Uint8Array = nothing;
  #rawLength = 0;
  /** How long `#raw` must be for the next step. */
  #rawTarget = blockSize;
  /** Where in `#raw`, and in the archive, the current header block starts. */
  #blockStart = 0;
  #blockOffset = 0;
  /** Where in the archive the current entry's headers start. */
  #entryOffset = 0;

  #slab: Uint8Array = nothing;
  #slabUsed = slabLength;

  #block: BlockHeader | undefined;
  #pax: ParsedPax | undefined;
  #longName: Uint8Array | undefined;
  #longLink: Uint8Array | undefined;
  #globalBytes = 0;

  #name: string | undefined;
  #previousName: string | undefined;
  #dataLeft = 0;
  #paddingSkipped = false;

  constructor(limits: TarLimits = {}) {
    this.#limits = fillLimits(limits);
    this.#problem = (what, code) =>
      archiveProblem(
        what,
        {
          name: this.#name,
          after: this.#previousName,
          offset: this.#name === undefined ? this.#blockOffset : this.#entryOffset,
        },
        code,
      );
  }

  /** Adds input. Data events will be views of `chunk`, so it must stay as it is until they are used up. */
  push(chunk: Uint8Array): void {
    this.#refuseAfterFailure();
    if (this.#finished)
      throw new DrayageError("ERR_DRAYAGE_USAGE", "a tar decoder takes no input after finish()");
    if (chunk.length > 0) this.#chunks.push(chunk);
  }

  /** The next event; undefined where more input is needed, or, after `finish`, where all is told. */
  next(): TarEvent | undefined {
    this.#refuseAfterFailure();
    try {
      for (;;) {
        const event = this.#step();
        if (event !== "again") return event;
      }
    } catch (error) {
      if (error instanceof DrayageError) this.#failure = error;
      throw error;
    }
  }

  /**
   * Passes over the rest of the current entry's data and padding: no more data events come for it.
   * Returns how many bytes of these were not pushed yet: the caller leaves exactly so many out of the input.
   * Where the input has fewer, the entry is truncated, which only the caller can tell then.
   */
  skipData(): number {
    this.#refuseAfterFailure();
    if (this.#state === "data") this.#startPadding();
    else if (this.#state !== "padding") return 0;
    let left = this.#dataLeft + this.#rawTarget - this.#rawLength;
    while (left > 0) {
      const bytes = this.#take(left);
      if (bytes === undefined) break;
      left -= bytes.length;
    }
    this.#offset += left;
    this.#dataLeft = 0;
    this.#rawTarget = this.#rawLength;
    this.#paddingSkipped = true;
    return left;
  }

  /** How many more bytes must be pushed before `next` can tell something new; 0 where it can now, or never. */
  wanted(): number {
    const needed = this.#needed();
    let pushed = -this.#position;
    for (const chunk of this.#chunks) {
      pushed += chunk.length;
      if (pushed >= needed) return 0;
    }
    return needed - Math.max(0, pushed);
  }

  /**
   * Says that the input is over. Throws `ERR_DRAYAGE_ARCHIVE_INVALID` where it ends within a header or data.
   * Call it when `next` gives nothing more; the last events come after it.
   */
  finish(): void {
    this.#refuseAfterFailure();
    if (this.#finished) return;
    if (this.#chunks.length > 0) {
      throw new DrayageError(
        "ERR_DRAYAGE_USAGE",
        "a tar decoder has events left: take them with next() before finish()",
      );
    }
    const truncation = this.#truncation();
    if (truncation !== undefined) {
      this.#failure = this.#problem(truncation);
      throw this.#failure;
    }
    this.#finished = true;
  }

  #needed(): number {
    if (this.#finished || this.#state === "over") return 0;
    if (this.#state === "data") return Math.min(1, this.#dataLeft);
    if (this.#state === "trailing") return 1;
    return this.#rawTarget - this.#rawLength;
  }

  #truncation(): string | undefined {
    switch (this.#state) {
      case "header":
        if (this.#rawLength === 0) return undefined;
        return this.#rawLength > this.#blockStart
          ? "the archive ends within this header"
          : "the archive ends where the entry of an extended header is due";
      case "body":
      case "extension":
        return "the archive ends within this header";
      case "second-zero":
        return this.#rawLength > blockSize ? "the archive ends within its closing zero blocks" : undefined;
      case "data":
        return this.#dataLeft > 0
          ? `the archive ends ${this.#dataLeft} bytes before the end of the data`
          : undefined;
      default:
        // The data is whole; as in Go, its padding may be missing at the archive's end.
        return undefined;
    }
  }

  #refuseAfterFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #step(): TarEvent | undefined | "again" {
    switch (this.#state) {
      case "header":
        return this.#gather() ? this.#readBlock() : this.#endEarly();
      case "body":
        return this.#gather() ? this.#readBody() : undefined;
      case "extension":
        return this.#gather() ? this.#readExtension() : undefined;
      case "second-zero":
        return this.#gather() ? this.#readSecondZero() : this.#endEarly();
      case "data":
        return this.#readData();
      case "padding":
        return this.#gather() || this.#finished ? this.#endEntry() : undefined;
      case "trailing":
        return this.#readTrailing();
      case "over":
        return undefined;
    }
  }

  /** At most `length` bytes of the input, as a view; undefined where there are none. */
  #take(length: number): Uint8Array | undefined {
    const chunk = this.#chunks[0];
    if (chunk === undefined) return undefined;
    const start = this.#position;
    const end = Math.min(chunk.length, start + length);
    this.#offset += end - start;
    if (end === chunk.length) {
      this.#chunks.shift();
      this.#position = 0;
    } else {
      this.#position = end;
    }
    return chunk.subarray(start, end);
  }

  /** Fills `#raw` up to `#rawTarget`; false where the input does not suffice yet. */
  #gather(): boolean {
    if (this.#raw.length < this.#rawTarget) {
      // Twice as much, so that a long row of small headers is not copied over and over.
      const larger = this.#allocate(Math.max(this.#rawTarget, 2 * this.#raw.length));
      if (this.#rawLength > 0) larger.set(this.#raw.subarray(0, this.#rawLength));
      this.#raw = larger;
    }
    while (this.#rawLength < this.#rawTarget) {
      const bytes = this.#take(this.#rawTarget - this.#rawLength);
      if (bytes === undefined) return false;
      this.#raw.set(bytes, this.#rawLength);
      this.#rawLength += bytes.length;
    }
    return true;
  }

  /** Small arrays share a buffer, since one buffer for each header costs more than reading it. */
  #allocate(length: number): Uint8Array {
    if (length > slabLength / 2) return new Uint8Array(length);
    if (this.#slabUsed + length > slabLength) {
      this.#slab = new Uint8Array(slabLength);
      this.#slabUsed = 0;
    }
    const start = this.#slabUsed;
    this.#slabUsed += length;
    return this.#slab.subarray(start, start + length);
  }

  /** Hands over what was gathered, and starts anew. */
  #handOver(): Uint8Array {
    const raw = this.#raw.length === this.#rawLength ? this.#raw : this.#raw.subarray(0, this.#rawLength);
    this.#raw = nothing;
    this.#rawLength = 0;
    this.#rawTarget = 0;
    return raw;
  }

  /** Asks for `length` more bytes of headers. */
  #gatherMore(length: number, state: State): "again" {
    this.#rawTarget = this.#rawLength + length;
    this.#state = state;
    if (this.#rawTarget > this.#limits.headerBytes) {
      throw this.#problem(
        `the headers of one entry are more than ${this.#limits.headerBytes} bytes`,
        "ERR_DRAYAGE_LIMIT_EXCEEDED",
      );
    }
    return "again";
  }

  #startBlock(): "again" {
    this.#blockStart = this.#rawLength;
    this.#blockOffset = this.#offset;
    return this.#gatherMore(blockSize, "header");
  }

  #startEntry(): "again" {
    this.#previousName = this.#name ?? this.#previousName;
    this.#name = undefined;
    this.#pax = undefined;
    this.#longName = undefined;
    this.#longLink = undefined;
    this.#entryOffset = this.#offset;
    return this.#startBlock();
  }

  #readBlock(): TarEvent | "again" {
    if (isZeroBlock(this.#raw, this.#blockStart)) {
      if (this.#blockStart > 0)
        throw this.#problem("the archive ends where the entry of an extended header is due");
      return this.#gatherMore(blockSize, "second-zero");
    }
    const block = parseBlock(this.#raw, this.#blockStart, this.#problem);
    this.#block = block;
    if (isExtendedHeader(block.typeflag)) return this.#startBody(block);
    if (block.typeflag === "S" && hasExtension(this.#raw, this.#blockStart)) {
      return this.#gatherMore(blockSize, "extension");
    }
    return this.#readEntry(block);
  }

  #startBody(block: BlockHeader): "again" {
    const { size, typeflag } = block;
    if (size < 0) throw this.#problem(`an extended header has a negative size, ${size}`);
    if (size > this.#limits.recordBytes) {
      throw this.#problem(
        `an extended header of ${size} bytes is more than the ${this.#limits.recordBytes} bytes that are accepted`,
        "ERR_DRAYAGE_LIMIT_EXCEEDED",
      );
    }
    if (typeflag === "g") {
      if (this.#blockStart > 0)
        throw this.#problem("a global header stands between an extended header and its entry");
      this.#globalBytes += size;
      if (this.#globalBytes > this.#limits.globalBytes) {
        throw this.#problem(
          `the global headers are more than ${this.#limits.globalBytes} bytes`,
          "ERR_DRAYAGE_LIMIT_EXCEEDED",
        );
      }
    }
    return this.#gatherMore(size + paddingLength(size), "body");
  }

  #readBody(): TarEvent | "again" {
    const { size, typeflag } = this.#block as BlockHeader;
    const bodyStart = this.#blockStart + blockSize;
    if (typeflag === "L" || typeflag === "K") {
      const name = untilNul(this.#raw, bodyStart, size);
      if (typeflag === "L") this.#longName = name;
      else this.#longLink = name;
      return this.#startBlock();
    }
    const pax = parsePaxRecords(this.#raw.subarray(bodyStart, bodyStart + size));
    if (typeof pax === "string") throw this.#problem(pax);
    if (typeflag === "x") {
      this.#pax = pax;
      return this.#startBlock();
    }
    const event: TarGlobalEvent = {
      type: "global",
      records: pax.records,
      rawBlocks: this.#handOver(),
      headerOffset: this.#entryOffset,
    };
    this.#startEntry();
    return event;
  }

  #readExtension(): TarEvent | "again" {
    if (hasNextExtension(this.#raw, this.#rawLength - blockSize))
      return this.#gatherMore(blockSize, "extension");
    return this.#readEntry(this.#block as BlockHeader);
  }

  #readEntry(block: BlockHeader): TarHeaderEvent {
    const rawName = this.#longName?.length
      ? this.#longName
      : (this.#pax?.records.get("path") ?? block.rawName);
    this.#name = decodeText(rawName);
    const rawBlocks = this.#handOver();
    const header = mergeHeader(
      {
        block,
        sparseBlocks: rawBlocks.subarray(this.#blockStart),
        pax: this.#pax,
        longName: this.#longName,
        longLink: this.#longLink,
      },
      this.#problem,
    );
    this.#name = header.name;
    if (this.#offset + header.size > largestOffset)
      throw this.#problem(`its size, ${header.size}, is out of all bounds`);
    this.#dataLeft = header.size;
    this.#paddingSkipped = false;
    this.#state = "data";
    return {
      type: "header",
      header,
      rawBlocks,
      headerOffset: this.#entryOffset,
      dataOffset: this.#offset,
    };
  }

  #readData(): TarEvent | undefined | "again" {
    if (this.#dataLeft === 0) return this.#startPadding();
    const bytes = this.#take(this.#dataLeft);
    if (bytes === undefined) return undefined;
    this.#dataLeft -= bytes.length;
    return { type: "data", bytes };
  }

  #startPadding(): "again" {
    // All before the data is whole blocks, so the padding follows from the offset of the data's end.
    this.#rawTarget = paddingLength(this.#offset + this.#dataLeft);
    this.#state = "padding";
    return "again";
  }

  #endEntry(): TarEntryEndEvent {
    const padding = this.#handOver();
    const event: TarEntryEndEvent = {
      type: "entry-end",
      padding: this.#paddingSkipped ? undefined : padding,
    };
    this.#startEntry();
    return event;
  }

  #readSecondZero(): TarEndEvent {
    if (!isZeroBlock(this.#raw, blockSize)) {
      throw this.#problem("one zero block stands before more data: the archive's end has two");
    }
    this.#state = "trailing";
    return { type: "end", rawBlocks: this.#handOver(), offset: this.#blockOffset };
  }

  #endEarly(): TarEndEvent | undefined {
    if (!this.#finished) return undefined;
    this.#state = "over";
    return { type: "end", rawBlocks: this.#handOver(), offset: this.#blockOffset };
  }

  #readTrailing(): TarTrailingEvent | undefined {
    const bytes = this.#take(Number.POSITIVE_INFINITY);
    return bytes === undefined ? undefined : { type: "trailing", bytes };
  }
}

/** Beyond it, a size with its padding cannot be added exactly. */
const largestOffset = Number.MAX_SAFE_INTEGER - blockSize;

function isExtendedHeader(typeflag: string): boolean {
  return typeflag === "x" || typeflag === "g" || typeflag === "L" || typeflag === "K";
}
