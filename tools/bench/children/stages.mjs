import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readSync, statSync, writeSync } from "node:fs";
import path from "node:path";
import zlib from "node:zlib";
import { createBlockDeflater, createBlockFormat, createSyncInflater, levels } from "@drayage/compression";

// Does what three copies do with an image's layers, on one thread and stage by stage, and prints the processor time of
// each stage as JSON: stages.mjs FOLDER LAYERS, where LAYERS is JSON, a list of { tar, gzip }

/** @typedef {"read" | "hash" | "inflate" | "deflate" | "crc" | "write" | "sync"} Stage */

const [folder = "", list = "[]"] = process.argv.slice(2);
/** @type {{ tar: string, gzip: string }[]} */
const layers = JSON.parse(list);
const pieceSize = 256 * 1024;
const level = levels.gzip.usual;

/** @type {Partial<Record<Stage, number>>} */
let costs = {};
let files = 0;

/**
 * Adds the processor time of a call to its stage.
 * @template T
 * @param {Stage} stage
 * @param {() => T} work
 * @returns {T}
 */
function stage(stage, work) {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  costs[stage] = (costs[stage] ?? 0) + (user + system) / 1e6;
  return result;
}

const deflater = await createBlockDeflater("gzip");
const operations = { "oci-dir": copy, gzip: compress, "docker-archive": inflate };
// The first round is for the compiler's sake.
for (const layer of layers.slice(-1)) for (const operation of Object.values(operations)) operation(layer);

/** @type {Record<string, typeof costs>} */
const all = {};
for (const [name, operation] of Object.entries(operations)) {
  costs = {};
  for (const layer of layers) operation(layer);
  all[name] = costs;
}
deflater.close();
console.log(JSON.stringify(all));

/** @param {{ gzip: string }} layer */
function copy({ gzip }) {
  const hash = createHash("sha256");
  writing((write) => {
    for (const piece of piecesOf(gzip, pieceSize)) {
      stage("hash", () => hash.update(piece));
      write(piece);
    }
  });
}

/** @param {{ tar: string }} layer */
function compress({ tar }) {
  const { blockSize, dictionarySize, header, onBlock, trailer } = createBlockFormat("gzip", level);
  const [plain, compressed] = [createHash("sha256"), createHash("sha256")];
  const size = statSync(tar).size;
  let dictionary = new Uint8Array(0);
  let position = 0;
  writing((write) => {
    /** @param {Uint8Array} bytes */
    const put = (bytes) => {
      stage("hash", () => compressed.update(bytes));
      write(bytes);
    };
    put(header);
    for (const bytes of piecesOf(tar, blockSize)) {
      position += bytes.length;
      const last = position === size;
      stage("hash", () => plain.update(bytes));
      stage("crc", () => onBlock(bytes));
      put(stage("deflate", () => deflater.deflateBlock({ bytes, dictionary, last, level })));
      dictionary = bytes.slice(-dictionarySize);
    }
    put(trailer());
  });
}

/** @param {{ gzip: string }} layer */
function inflate({ gzip }) {
  const inflater = createSyncInflater("gzip", { borrow: true });
  if (inflater === undefined) throw new Error("there is no synchronous engine for gzip");
  const [plain, compressed] = [createHash("sha256"), createHash("sha256")];
  let checksums = 0;
  writing((write) => {
    /** @param {Iterable<Uint8Array>} chunks */
    const put = (chunks) => {
      const iterator = chunks[Symbol.iterator]();
      for (;;) {
        const { done, value } = stage("inflate", () => iterator.next());
        if (done) return;
        // The inflater has done this once already: it is counted as a stage of its own, and taken off again.
        checksums += secondsOf(() => zlib.crc32(value));
        stage("hash", () => plain.update(value));
        write(value);
      }
    };
    for (const piece of piecesOf(gzip, pieceSize)) {
      stage("hash", () => compressed.update(piece));
      put(inflater.push(piece));
    }
    put(inflater.finish());
  });
  inflater.close();
  costs.crc = (costs.crc ?? 0) + checksums;
  costs.inflate = (costs.inflate ?? 0) - checksums;
}

/** @param {() => unknown} work */
function secondsOf(work) {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/**
 * Pieces of a file, each in the same memory as the one before.
 * @param {string} file
 * @param {number} size
 */
function* piecesOf(file, size) {
  const buffer = new Uint8Array(size);
  const fd = openSync(file, "r");
  try {
    for (;;) {
      const count = stage("read", () => readSync(fd, buffer));
      if (count === 0) return;
      yield buffer.subarray(0, count);
    }
  } finally {
    closeSync(fd);
  }
}

/**
 * A new file, that is on the disk in the end.
 * @param {(write: (bytes: Uint8Array) => void) => void} work
 */
function writing(work) {
  files += 1;
  const fd = openSync(path.join(folder, `file-${files}`), "w");
  try {
    work((bytes) => {
      stage("write", () => writeSync(fd, bytes));
    });
    stage("sync", () => fsyncSync(fd));
  } finally {
    closeSync(fd);
  }
}
