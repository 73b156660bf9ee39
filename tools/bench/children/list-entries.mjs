import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { createSyncInflater } from "@drayage/compression";
import { TarDecoder } from "@drayage/tar";

// Prints the name of every entry of a layer that is compressed by gzip: list-entries.mjs FILE

const inflater = createSyncInflater("gzip", { borrow: true });
if (inflater === undefined) throw new Error("there is no synchronous engine for gzip");
const decoder = new TarDecoder();
/** @type {string[]} */
const names = [];
/** How many bytes of the current entry's data are still to come, which the decoder need not see. */
let skipped = 0;

/** @param {Iterable<Uint8Array>} chunks */
function take(chunks) {
  for (const chunk of chunks) {
    const start = Math.min(skipped, chunk.length);
    skipped -= start;
    if (start === chunk.length) continue;
    decoder.push(chunk.subarray(start));
    for (let event = decoder.next(); event !== undefined; event = decoder.next()) {
      if (event.type !== "header") continue;
      names.push(event.header.name);
      skipped = decoder.skipData();
    }
  }
}

const buffer = new Uint8Array(256 * 1024);
const fd = openSync(process.argv[2] ?? "", "r");
for (let count = readSync(fd, buffer); count > 0; count = readSync(fd, buffer)) {
  take(inflater.push(buffer.subarray(0, count)));
}
take(inflater.finish());
decoder.finish();
inflater.close();
closeSync(fd);
writeSync(1, `${names.join("\n")}\n`);
