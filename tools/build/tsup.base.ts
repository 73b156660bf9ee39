import { defineConfig, type Options } from "tsup";
import { codePlugin } from "./code-plugin.ts";

/** The tsup settings of every package: ESM for Node 20 and browsers; declarations come from tsc. */
export function base(over: Options = {}): ReturnType<typeof defineConfig> {
  return defineConfig({
    entry: ["src/index.ts"],
    format: ["esm"],
    target: "node20",
    platform: "neutral",
    external: [/^node:/],
    dts: false,
    silent: true,
    sourcemap: true,
    clean: true,
    treeshake: false,
    splitting: true,
    esbuildPlugins: [codePlugin],
    ...over,
  });
}
