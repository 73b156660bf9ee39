/**
 * Whether this process may have so few addresses (`ulimit -v`) that kernels would run out of them: V8 sets 8 to 10 GB of
 * them aside for each WebAssembly memory, however small. Linux tells.
 */
export function isShortOfAddresses(): boolean {
  const { process } = globalThis;
  if (process?.platform !== "linux") return false;
  try {
    const limits = process.getBuiltinModule("node:fs").readFileSync("/proc/self/limits", "latin1");
    // "unlimited" is no number.
    return Number(/^Max address space +(\S+)/m.exec(limits)?.[1]) < enough;
  } catch {
    // It may not be read: a memory that is not to be had will be an error.
    return false;
  }
}

/** For an inflater and a deflater on each of some threads, and what else a process has. */
const enough = 256 * 2 ** 30;
