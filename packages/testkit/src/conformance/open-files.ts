import { readdirSync, readlinkSync } from "node:fs";

/** The files and folders that this process holds open, by path. Undefined where the system does not tell. */
export function openFiles(): readonly string[] | undefined {
  let descriptors: string[];
  try {
    descriptors = readdirSync("/proc/self/fd");
  } catch {
    return undefined;
  }
  return descriptors.map(targetOf).filter((target) => target.startsWith("/") && !target.startsWith("/dev/"));
}

function targetOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return ""; // closed by now: the one that listed the others
  }
}
