import { DrayageError } from "@drayage/errors";
import type { Transport } from "./contract.ts";
import { checkTransport } from "./define.ts";

/**
 * The transports that a plugin's module has: its `default` export, else its `transport` or `transports`. Each may be a
 * transport, a list of them, or a function that gives one or the other without arguments.
 *
 * @param namespace what `import()` gave
 * @param what the module, for messages: `the package "drayage-transport-zip"`
 * @throws `ERR_DRAYAGE_PLUGIN_INVALID`
 */
export function transportsOf(namespace: unknown, what: string = "the module"): readonly Transport[] {
  const found = exportOf(namespace);
  if (found === undefined) {
    throw new DrayageError("ERR_DRAYAGE_PLUGIN_INVALID", `${what} exports no transport`, {
      hint: "a plugin exports a transport, or a function that makes one, as default or as transport",
    });
  }
  const made: unknown = typeof found === "function" ? found() : found;
  const transports: readonly unknown[] = Array.isArray(made) ? made : [made];
  if (transports.length === 0) {
    throw new DrayageError("ERR_DRAYAGE_PLUGIN_INVALID", `${what} exports an empty list of transports`);
  }
  return transports.map((transport) => {
    checkTransport(transport, what);
    return transport;
  });
}

function exportOf(namespace: unknown): unknown {
  if (typeof namespace !== "object" || namespace === null) return undefined;
  const exports = namespace as Record<string, unknown>;
  const { default: main } = exports;
  // A CommonJS module that was compiled from an ES module: its exports are the default one, and have a default too.
  const inner = typeof main === "object" && main !== null && "default" in main ? main.default : main;
  return inner ?? exports.transport ?? exports.transports;
}
