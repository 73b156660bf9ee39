import { renameSync, symlinkSync, unlinkSync } from "node:fs";

// Puts a link that leads outside in the place of a folder, and the folder back, until it is ended: swapper.mjs FOLDER ASIDE OUTSIDE

const [folder = "", aside = "", outside = ""] = process.argv.slice(2);
const clock = new Int32Array(new SharedArrayBuffer(4));
process.send?.("ready");
for (;;) {
  renameSync(folder, aside);
  symlinkSync(outside, folder);
  Atomics.wait(clock, 0, 0, 0.2);
  unlinkSync(folder);
  renameSync(aside, folder);
  Atomics.wait(clock, 0, 0, 2);
}
