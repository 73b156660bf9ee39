import { lstatSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/**
 * Has Node, from 22.8 on, keep compiled code between runs. Code that is taken from there is run, so it is kept in a
 * folder of the user's own, and not where Node would keep it: the folder for temporary files, where others may have
 * been first.
 */
export function keepCompiledCode(env: NodeJS.ProcessEnv): void {
  const { enableCompileCache } = process.getBuiltinModule("node:module") as CompileCache;
  if (enableCompileCache === undefined) return;
  const folder = compileCacheFolder(env);
  if (folder !== undefined) enableCompileCache(folder);
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
