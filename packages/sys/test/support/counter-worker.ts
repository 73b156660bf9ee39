import { readFileSync, writeFileSync } from "node:fs";
import { acquireFileLock, loadSys } from "../../src/index.ts";

// Raises a counter so many times under a lock, with a pause between reading and writing it. Stays in the lock where it is to.
const [base = "", lockPath = "", counter = "", rounds = "0", then] = process.argv.slice(2);
loadSys({ base });
for (let round = 0; round < Number(rounds); round++) {
  await using _lock = await acquireFileLock(lockPath, "write");
  const before = Number(readFileSync(counter, "utf8"));
  await new Promise((resolve) => setImmediate(resolve));
  writeFileSync(counter, String(before + 1));
}
if (then === "stay") {
  await acquireFileLock(lockPath, "write");
  process.stdout.write("locked\n");
  setInterval(() => {}, 1000);
}
