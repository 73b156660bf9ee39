import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";

// Puts links that lead outside in the place of a root's folders, and the folders back, until it is ended: swapper.mjs ROOT OUTSIDE

const [root = "", outside = ""] = process.argv.slice(2);
const aside = join(root, "aside");
mkdirSync(aside, { recursive: true });
/** @param {() => void} call */
const attempt = (call) => {
  try {
    call();
  } catch {
    // The one who unpacks was faster.
  }
};
process.send?.("ready");
for (let turn = 0; ; turn++) {
  const name = ["d0", "d1", "d2", "d3"][turn % 4] ?? "";
  const path = join(root, name);
  attempt(() => renameSync(path, join(aside, name)));
  attempt(() => symlinkSync(outside, path));
  attempt(() => symlinkSync(`${outside}/secret`, join(aside, name, `f${turn % 50}`)));
  attempt(() => unlinkSync(path));
  attempt(() => renameSync(join(aside, name), path));
  if (turn % 100 === 0) attempt(() => rmSync(aside, { recursive: true }));
  if (turn % 100 === 0) attempt(() => mkdirSync(aside));
}
