import { createRequire } from "node:module";
import type { Plugin } from "rolldown";

const require = createRequire(import.meta.url);
const prefix = "\0builtin:";
/** What Node has loaded before it runs any script. */
const loadedAnyway: ReadonlySet<string> = new Set(["node:events", "node:fs", "node:path"]);

/**
 * Has Node's own modules loaded when something of them is first used, not when a module that imports them is: some of
 * them take milliseconds. The sources need not know.
 */
export const lazyBuiltins: Plugin = {
  name: "drayage-lazy-builtins",
  resolveId: {
    order: "pre",
    filter: { id: /^node:/ },
    handler(id, importer) {
      if (loadedAnyway.has(id) || importer?.startsWith(prefix)) return { id, external: true };
      return `${prefix}${id}`;
    },
  },
  load: {
    filter: { id: /^\0builtin:/ },
    handler(id) {
      const name = id.slice(prefix.length);
      const keys = Object.keys(require(name) as object);
      return [
        "let loaded;",
        `const load = () => (loaded ??= require(${JSON.stringify(name)}));`,
        `for (const key of ${JSON.stringify(keys)}) {`,
        "  Object.defineProperty(exports, key, { enumerable: true, get: () => load()[key] });",
        "}",
      ].join("\n");
    },
  },
};
