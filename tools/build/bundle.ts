import { basename, join } from "node:path";
import { build } from "tsup";
import { codePlugin } from "./code-plugin.ts";

/**
 * Bundles a TypeScript file with all it imports, from the packages' sources, for tests that need a process of their
 * own under plain Node. Gives the path of the bundle in `folder`.
 */
export async function bundleForNode(entry: string, folder: string): Promise<string> {
  await build({
    config: false,
    entry: [entry],
    format: ["esm"],
    target: "node20",
    platform: "node",
    outDir: folder,
    outExtension: () => ({ js: ".mjs" }),
    // Else what the package of the file depends on would not be taken in.
    noExternal: [/^@drayage\//, "pako", "fzstd", "smol-toml"],
    esbuildOptions(options) {
      options.conditions = ["@drayage/source"];
    },
    // node:test has no name without its protocol.
    removeNodeProtocol: false,
    splitting: false,
    esbuildPlugins: [codePlugin],
    clean: false,
    silent: true,
  });
  return join(folder, `${basename(entry, ".ts")}.mjs`);
}
