import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { TarDecoder } from "@drayage/tar";

// Prints the name of every entry of a tar file: list-entries.mjs FILE

const chunk = new Uint8Array(256 * 1024);
const fd = openSync(process.argv[2] ?? "", "r");
const decoder = new TarDecoder();
/** @type {string[]} */
const names = [];
let position = 0;
for (;;) {
  const count = readSync(fd, chunk, 0, chunk.length, position);
  if (count === 0) break;
  decoder.push(chunk.subarray(0, count));
  position += count;
  for (let event = decoder.next(); event !== undefined; event = decoder.next()) {
    if (event.type !== "header") continue;
    names.push(event.header.name);
    position += decoder.skipData();
  }
}
decoder.finish();
closeSync(fd);
writeSync(1, `${names.join("\n")}\n`);
