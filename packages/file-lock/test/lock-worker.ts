import { readFileSync, writeFileSync } from "node:fs";
import { acquireLock } from "../src/index.ts";

// Raises a counter so many times under a lock, and fails where another is at work at the same time. A killed
// process can leave the counter empty.
const [lockPath = "", counter = "", rounds = "0"] = process.argv.slice(2);
const at = `${counter}.holder`;
for (let round = 0; round < Number(rounds); round++) {
  const lock = await acquireLock(lockPath);
  const before = Number(readFileSync(counter, "utf8"));
  writeFileSync(at, String(process.pid));
  await new Promise((resolve) => setImmediate(resolve));
  const alone =
    readFileSync(at, "utf8") === String(process.pid) && Number(readFileSync(counter, "utf8")) === before;
  if (!alone) process.exit(1);
  writeFileSync(counter, String(before + 1));
  await lock.release();
  if (round === 0) process.stdout.write("started\n");
}
