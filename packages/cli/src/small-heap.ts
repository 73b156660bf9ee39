/**
 * Keeps V8 from enlarging its space for new objects, which then takes 10 MB less: most of what a command handles is
 * outside the heap, or lives as long as the command.
 */
export function keepHeapSmall(): void {
  // A V8 that does not know the flag would complain on standard error.
  if (Number.parseInt(process.versions.node, 10) > newestTried) return;
  process.getBuiltinModule("node:v8").setFlagsFromString("--semi-space-growth-factor=1");
}

const newestTried = 24;
