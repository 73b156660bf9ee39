import type { BlockDeflater, BlockFormat, DeflateAlgorithm, EngineRow } from "@drayage/compression";
import type { Interrupt } from "../interrupt.ts";
import { type JobWorker, startWorkers, usefulThreads, workerLimit } from "./pool.ts";
import { giveSlot, type Slot, takeSlot } from "./slot.ts";

/** Those who deflate the blocks of one stream: this thread, and workers once they are enlisted. */
export interface BlockCrew {
  /** How many blocks are handed out and not taken back. */
  readonly pending: number;
  /** Memory for the next block's input, or undefined where the oldest one has to be taken first. */
  freeBlock(): Uint8Array | undefined;
  /** Hands out the block that stands in the memory of the last {@link freeBlock}. */
  deflate(size: number, last: boolean): void;
  /** Waits for the oldest block, and gives away what came of it. */
  takeOldest(interrupt: Interrupt, give: (bytes: Uint8Array) => Promise<void>): Promise<void>;
  /** Calls for workers, if there are any and they are not here yet. */
  enlist(): Promise<void>;
  close(): void;
}

export interface BlockCrewOptions {
  readonly algorithm: DeflateAlgorithm;
  readonly level: number;
  readonly format: BlockFormat;
}

interface Pending {
  readonly slot: Slot;
  /** How many bytes of output there are. */
  readonly size: Promise<number>;
}

export async function createBlockCrew({ algorithm, level, format }: BlockCrewOptions): Promise<BlockCrew> {
  const { blockSize, dictionarySize } = format;
  const { createBlockDeflater, engines } = await import("@drayage/compression");
  const engine = chosenEngine(engines(), algorithm);
  const helps = isQuick(algorithm, level);
  let own: BlockDeflater | undefined;
  let workers: readonly JobWorker[] = [];
  let asked = false;
  let slots = 0;
  const free: Slot[] = [];
  const pending: Pending[] = [];
  let filling: Slot | undefined;
  /** The end of what was handed out last, whose slot may be filled anew before the next block is handed out. */
  const previous = new Uint8Array(dictionarySize);
  let previousSize = 0;

  /** One is read or written meanwhile, and one is this thread's own. */
  function slotLimit(): number {
    if (workers.length === 0) return 1;
    return helps ? blocksPerWorker * workers.length + 2 : workers.length + 1;
  }

  /** Undefined where this thread does the next block itself. */
  function nextWorker(): JobWorker | undefined {
    const [idlest] = [...workers].sort((a, b) => a.load - b.load);
    return helps && idlest !== undefined && idlest.load >= blocksPerWorker ? undefined : idlest;
  }

  function nextSlot(): Slot | undefined {
    const known = free.pop();
    if (known !== undefined || slots >= slotLimit()) return known;
    slots += 1;
    return takeSlot(blockSize);
  }

  async function here(slot: Slot, block: { size: number; before: number; last: boolean }): Promise<number> {
    own ??= await createBlockDeflater(algorithm, { engine });
    const made = own.deflateBlock({
      bytes: slot.input.subarray(0, block.size),
      dictionary: slot.dictionary.subarray(slot.dictionary.length - block.before),
      last: block.last,
      level,
    });
    slot.output.set(made);
    return made.length;
  }

  async function there(
    worker: JobWorker,
    slot: Slot,
    block: { size: number; before: number; last: boolean },
  ): Promise<number> {
    const { size, before, last } = block;
    const done = await worker.run({
      kind: "deflate",
      slot: slot.memory,
      dictionarySize: before,
      ...{ algorithm, engine, level, size, last, blockSize },
    });
    if (done.state !== "deflated") throw new TypeError(`a worker answered a block with ${done.state}`);
    return done.size;
  }

  return {
    get pending() {
      return pending.length;
    },
    freeBlock() {
      filling ??= nextSlot();
      return filling?.input;
    },
    deflate(size, last) {
      const slot = filling;
      if (slot === undefined) throw new TypeError("there is no block to deflate");
      filling = undefined;
      const before = previousSize;
      slot.dictionary.set(previous.subarray(0, before), slot.dictionary.length - before);
      previousSize = Math.min(dictionarySize, size);
      previous.set(slot.input.subarray(size - previousSize, size));
      const worker = nextWorker();
      const block = { size, before, last };
      const made = worker === undefined ? here(slot, block) : there(worker, slot, block);
      // It is awaited in its turn; until then a failure must not count as unhandled.
      made.catch(() => undefined);
      pending.push({ slot, size: made });
    },
    async takeOldest(interrupt, give) {
      const oldest = pending.shift();
      if (oldest === undefined) throw new TypeError("no block is handed out");
      const size = await interrupt.race(oldest.size);
      await give(oldest.slot.output.subarray(0, size));
      free.push(oldest.slot);
    },
    async enlist() {
      if (asked || usefulThreads() < 2 || !fitForWorkers(engine)) return;
      asked = true;
      workers = await startWorkers(helps ? usefulThreads() - 1 : workerLimit());
    },
    close() {
      own?.close();
      // Those that are still handed out, after an error, are left to their workers.
      for (const slot of free) giveSlot(slot);
      if (filling !== undefined) giveSlot(filling);
    },
  };
}

/** One that it deflates, and one to go on with while this thread deflates one itself. */
const blocksPerWorker = 2;

/** Whether a block takes so little time that this thread, which others may wait for, can deflate some too. */
function isQuick(algorithm: DeflateAlgorithm, level: number): boolean {
  return algorithm === "gzip" || level <= 6;
}

/** An engine that finds its WebAssembly beside its own module has none in a worker, and takes 60 MB in each. */
function fitForWorkers(engine: string): boolean {
  return engine !== "zstd-wasm";
}

function chosenEngine(engines: readonly EngineRow[], algorithm: DeflateAlgorithm): string {
  const chosen = engines.find(
    (row) => row.direction === "deflate" && row.algorithm === algorithm && row.chosen,
  );
  // Where there is none, opening it says why.
  return chosen?.engine ?? "";
}
