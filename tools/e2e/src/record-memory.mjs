import { writeSync } from "node:fs";

// Loaded before dray: tells at the end how much memory the process had at its peak.
process.on("exit", () => {
  writeSync(2, `peak ${process.resourceUsage().maxRSS * 1024}\n`);
});
