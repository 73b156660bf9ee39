import { lstatSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { keepCode } from "./compiled-code.ts";

/**
 * Keeps compiled code between runs: Node does that itself from 22.8 on, and before it is done for the modules of `program`, a
 * folder. Code that is taken from there is run, so it is kept in a folder of the user's own, and not where Node would keep it: the
 * folder for temporary files, where others may have been first.
 */
export function keepCompiledCode(env: NodeJS.ProcessEnv, program: string): void {
  const { enableCompileCache } = process.getBuiltinModule("node:module") as CompileCache;
  const folder = compileCacheFolder(env);
  if (enableCompileCache !== undefined) {
    if (folder !== undefined) enableCompileCache(folder);
    return;
  }
  const own = folder ?? wishedFolder(env);
  if (own !== undefined) keepCode(own, program);
}

/** Where the environment wishes a newer Node to keep compiled code. */
function wishedFolder({
  NODE_COMPILE_CACHE,
  NODE_DISABLE_COMPILE_CACHE,
}: NodeJS.ProcessEnv): string | undefined {
  if (!NODE_COMPILE_CACHE || NODE_DISABLE_COMPILE_CACHE !== undefined) return undefined;
  try {
    mkdirSync(NODE_COMPILE_CACHE, { recursive: true, mode: 0o700 });
    return isPrivate(NODE_COMPILE_CACHE) ? NODE_COMPILE_CACHE : undefined;
  } catch {
    // As Node does, where it cannot be: the code is compiled anew.
    return undefined;
  }
}

/** Of node:module; Node 20 has none. */
interface CompileCache {
  readonly enableCompileCache?: (folder: string) => unknown;
}

/**
 * The folder for compiled code, made where it is missing. Undefined where the environment has its own wish for Node's
 * compile cache, and where no folder is the user's alone, as for root with another user's home.
 */
export function compileCacheFolder(env: NodeJS.ProcessEnv): string | undefined {
  const { XDG_CACHE_HOME, HOME, NODE_COMPILE_CACHE, NODE_DISABLE_COMPILE_CACHE } = env;
  if (NODE_COMPILE_CACHE !== undefined || NODE_DISABLE_COMPILE_CACHE !== undefined) return undefined;
  const base = XDG_CACHE_HOME || (HOME ? join(HOME, ".cache") : undefined);
  if (base === undefined) return undefined;
  const own = join(base, "drayage");
  const folder = join(own, "compiled");
  try {
    if (!isPrivate(base)) return undefined;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return isPrivate(own) && isPrivate(folder) ? folder : undefined;
  } catch {
    // A home that is not there or cannot be written: the code is compiled anew.
    return undefined;
  }
}

/** Whether nobody else can put anything in this folder. */
function isPrivate(folder: string): boolean {
  const stats = lstatSync(folder);
  return stats.isDirectory() && stats.uid === process.getuid?.() && (stats.mode & 0o022) === 0;
}
