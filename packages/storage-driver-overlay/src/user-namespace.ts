import { readFileSync } from "node:fs";

/** Whether root in this process is somebody else on the machine: then overlayfs keeps its marks in `user.` attributes. */
export function isInUserNamespace(): boolean {
  try {
    return !/^\s*0\s+0\s+4294967295\s*$/.test(readFileSync("/proc/self/uid_map", "utf8"));
  } catch {
    // A kernel without user namespaces has no such file.
    return false;
  }
}
