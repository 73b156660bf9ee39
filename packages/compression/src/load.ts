/*
 * What the runtime may have. No module is loaded before it is asked for, and none is loaded twice.
 */

interface Builtins {
  "node:zlib": typeof import("node:zlib");
  "node:module": typeof import("node:module");
  "node:os": typeof import("node:os");
}

/** A module of Node's own, or undefined outside Node. */
export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] | undefined {
  return globalThis.process?.getBuiltinModule?.(name);
}

export type Loaded<T> = { readonly module: T } | { readonly reason: string };

const loaded = new Map<string, Loaded<unknown>>();

/** A native library that may be installed beside this package; where it is not, the reason. */
export function optional<T>(name: string): Loaded<T> {
  const known = loaded.get(name) ?? tryLoad(name);
  loaded.set(name, known);
  return known as Loaded<T>;
}

function tryLoad(name: string): Loaded<unknown> {
  const createRequire = builtin("node:module")?.createRequire;
  if (createRequire === undefined) return { reason: "it needs Node" };
  try {
    return { module: createRequire(import.meta.url)(name) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const absent = code === "MODULE_NOT_FOUND" && message.includes(`'${name}'`);
    return { reason: absent ? "it is not installed" : `it cannot be loaded: ${message.split("\n", 1)[0]}` };
  }
}

export function reasonOf(module: Loaded<unknown>): string | undefined {
  return "reason" in module ? module.reason : undefined;
}
