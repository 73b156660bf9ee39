import type { Plugin } from "rolldown";

const file = "import.cjs";

/**
 * Leaves every `import()` of what is outside of the bundle to a small file of its own: compiled code that is kept between runs
 * cannot import anything on Node 20.
 */
export const importsOutside: Plugin = {
  name: "drayage-imports-outside",
  renderChunk: {
    // After all that shows the sources of chunks to others.
    order: "post",
    handler(code) {
      const starts = importsIn(this.parse(code));
      if (starts.length === 0) return null;
      let changed = code;
      // From the last one on, so that the places of the others stay right.
      for (const start of starts.toSorted((a, b) => b - a)) {
        changed = `${changed.slice(0, start)}require("./${file}")${changed.slice(start + "import".length)}`;
      }
      return { code: changed, map: null };
    },
  },
  generateBundle() {
    this.emitFile({ type: "asset", fileName: file, source: "module.exports = (name) => import(name);\n" });
  },
};

/** Where each `import(` is. */
function importsIn(node: unknown): readonly number[] {
  if (typeof node !== "object" || node === null) return [];
  const own = isImport(node) ? [node.start] : [];
  return [...own, ...Object.values(node).flatMap(importsIn)];
}

function isImport(node: object): node is { readonly type: "ImportExpression"; readonly start: number } {
  return "type" in node && node.type === "ImportExpression";
}
