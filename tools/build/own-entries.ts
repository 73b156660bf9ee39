import { resolve } from "node:path";
import type { Plugin } from "rolldown";

const prefix = "\0entry:";
const arrow = " > ";

/**
 * Gives each file that imports one of our packages dynamically an entry of its own to it. Else the package would be one
 * entry for all, with whatever any of them uses, which also those would load who import one function of it statically.
 */
export const ownEntries: Plugin = {
  name: "drayage-own-entries",
  resolveId: {
    order: "pre",
    filter: { id: /^@drayage\// },
    handler(id, importer, { kind }) {
      return kind === "dynamic-import" ? `${prefix}${importer}${arrow}${id}` : undefined;
    },
  },
  load: {
    filter: { id: /^\0entry:/ },
    handler: (id) => `export * from ${JSON.stringify(id.slice(id.indexOf(arrow) + arrow.length))};`,
  },
};

/** The module that a dynamic import leads to: a file's path, or `path/of/the/importer.ts > @drayage/package`. */
export function entryOf(text: string): string {
  const [file = "", name] = text.split(arrow);
  return name === undefined ? resolve(file) : `${prefix}${resolve(file)}${arrow}${name}`;
}
