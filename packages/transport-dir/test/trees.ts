import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";

/** Every file and folder below `path` with its mode and content, for comparison. */
export function treeOf(path: string): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    const full = join(entry.parentPath, entry.name);
    const mode = (statSync(full).mode & 0o777).toString(8);
    tree[relative(path, full)] = entry.isDirectory()
      ? `folder ${mode}`
      : `${mode} ${readFileSync(full, "latin1")}`;
  }
  return tree;
}
