import { dirname, resolve } from "node:path";
import { build, type Plugin } from "esbuild";

/*
 * `import code from "./worker.ts?code"` gives a module, bundled with all it imports from the packages' sources, as the
 * text of a CommonJS script. A worker that is started from text needs no file of its own, so it works from sources,
 * from the built package and from whatever a user's bundler makes of it.
 */

const suffix = "?code";

async function bundleCode(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: "cjs",
    platform: "node",
    target: "node20",
    minify: true,
    legalComments: "inline",
    conditions: ["@drayage/source"],
    // A script has no URL; libraries are looked for where the package is.
    define: { "import.meta.url": "drayageBase" },
    banner: { js: 'const drayageBase = require("node:worker_threads").workerData.base;' },
    external: ["@bokuweb/zstd-wasm"],
  });
  return outputFiles[0]?.text ?? "";
}

/** For esbuild and tsup. */
export const codePlugin: Plugin = {
  name: "drayage-code",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\?code$/ }, ({ path, importer }) => ({
      path: resolve(dirname(importer), path.slice(0, -suffix.length)),
      namespace: "code",
    }));
    onLoad({ filter: /.*/, namespace: "code" }, async ({ path }) => ({
      contents: await bundleCode(path),
      loader: "text",
    }));
  },
};

/** For Vite and vitest. */
export const viteCodePlugin = {
  name: "drayage-code",
  enforce: "pre" as const,
  async load(id: string): Promise<string | undefined> {
    if (!id.endsWith(suffix)) return undefined;
    return `export default ${JSON.stringify(await bundleCode(id.slice(0, -suffix.length)))};`;
  },
};
