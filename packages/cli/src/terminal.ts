import { fstatSync, statSync } from "node:fs";

/** Whether a file descriptor may be a terminal's, so that it is worth asking Node, which loads much to tell. */
export function mayBeTerminal(descriptor: number): boolean {
  if (process.platform === "win32") return true;
  const stats = fstatSync(descriptor);
  return stats.isCharacterDevice() && stats.rdev !== statSync("/dev/null", { throwIfNoEntry: false })?.rdev;
}
