import { DrayageError } from "@drayage/errors";

/** The modules of Node that are used: none is loaded before it is needed, and bundles for browsers have none in them. */
interface Builtins {
  readonly "node:crypto": typeof import("node:crypto");
  readonly "node:fs": typeof import("node:fs");
  readonly "node:http": typeof import("node:http");
  readonly "node:https": typeof import("node:https");
  readonly "node:net": typeof import("node:net");
  readonly "node:stream": typeof import("node:stream");
  readonly "node:tls": typeof import("node:tls");
}

export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] {
  const module = globalThis.process?.getBuiltinModule?.(name) as Builtins[Name] | undefined;
  if (module !== undefined) return module;
  throw new DrayageError("ERR_DRAYAGE_USAGE", `${name} is needed, which there is not here`, {
    hint: "use createFetchClient outside of Node",
  });
}
