import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleForNode } from "./bundle.ts";

/**
 * Runs the TypeScript of a package's README under plain Node, in an empty folder, and gives what it prints. Its blocks
 * are one program; those marked `ts no-run` are left out.
 */
export async function runReadme(packageFolder: string): Promise<string> {
  const text = readFileSync(join(packageFolder, "README.md"), "utf8");
  const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? "");
  if (blocks.length === 0) throw new Error(`${packageFolder}/README.md has no code to run`);
  const folder = mkdtempSync(join(tmpdir(), "drayage-"));
  // Imports are resolved from where the file is.
  const entry = join(packageFolder, "test", `readme-${process.pid}.generated.ts`);
  writeFileSync(entry, blocks.join("\n"));
  try {
    const bundle = await bundleForNode(entry, folder);
    // What is optional, and so is not in the bundle, is found where npm has put it.
    const env = { ...process.env, NODE_PATH: join(packageFolder, "..", "..", "node_modules") };
    return execFileSync(process.execPath, [bundle], { cwd: folder, env, encoding: "utf8" });
  } finally {
    rmSync(entry);
    rmSync(folder, { recursive: true, force: true });
  }
}
