import path from "node:path";
import { sysBase } from "@drayage/sys";
import { build } from "esbuild";
import { codePlugin } from "../../../tools/build/code-plugin.ts";

/** A script of TypeScript that uses this package, as a file that Node runs, also as another user. */
export async function bundledScript(folder: string, name: string, source: string): Promise<string> {
  const outfile = path.join(folder, `${name}.cjs`);
  await build({
    stdin: { contents: source, resolveDir: import.meta.dirname, loader: "ts" },
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    conditions: ["@drayage/source"],
    define: { "import.meta.url": "drayageBase" },
    banner: { js: `const drayageBase = ${JSON.stringify(sysBase())};` },
    plugins: [codePlugin],
    outfile,
    logLevel: "silent",
  });
  return outfile;
}
