import path from "node:path";
import { build, type Plugin } from "esbuild";

const root = path.resolve(import.meta.dirname, "../../..");

export interface Bundle {
  /** A script that sets `globalThis.drayageVectors`: the vectors of each file, by the file's name. */
  readonly code: string;
  /** Every file that went in, from the root; one that was left out as not for browsers starts with `(disabled)`. */
  readonly inputs: readonly string[];
}

/**
 * Bundles vectors with the built packages that they test, as a bundler for browsers would: nothing stands
 * in for a module of Node, so a package that needs one cannot be bundled.
 */
export async function bundleVectors(files: readonly string[]): Promise<Bundle> {
  const imports = files.map(
    (file, index) => `import { vectors as v${index} } from ${JSON.stringify(`./${file}`)};`,
  );
  const entries = files.map((file, index) => `${JSON.stringify(file)}: v${index}`);
  const result = await build({
    stdin: {
      contents: `${imports.join("\n")}\nglobalThis.drayageVectors = { ${entries.join(", ")} };\n`,
      resolveDir: root,
    },
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    platform: "browser",
    format: "iife",
    target: "es2022",
    plugins: [builtPackages],
  });
  return { code: result.outputFiles[0]?.text ?? "", inputs: Object.keys(result.metafile.inputs) };
}

/** Vectors may name an entry of their package by its source; what is published is its build. */
const builtPackages: Plugin = {
  name: "built-packages",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\/.*src\/[\w-]+\.ts$/ }, ({ path: wanted, resolveDir }) => {
      const source = path.resolve(resolveDir, wanted);
      const built = path.basename(source).replace(/\.ts$/, ".js");
      return { path: path.resolve(path.dirname(source), "../dist", built) };
    });
  },
};
