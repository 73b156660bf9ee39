import { writeFileSync } from "node:fs";

// Loaded with --import: notes at exit how much memory the process held at most, in kilobytes.
process.on("exit", () => {
  const { PEAK_MEMORY_FILE } = process.env;
  if (PEAK_MEMORY_FILE !== undefined) writeFileSync(PEAK_MEMORY_FILE, String(process.resourceUsage().maxRSS));
});
