import { bytesBlob } from "@drayage/blob";
import {
  type EdgeFile,
  type EdgeLayer,
  edgeDifferences,
  edgeLayers,
  type FoundFile,
  isRefusal,
} from "@drayage/testkit/edge-layers";
import { describe, expect, it } from "vitest";
import { applyLayer, type LayerTree } from "../src/apply-layer.ts";
import { Budget } from "../src/budget.ts";
import { readArchive } from "../src/read-archive.ts";
import type { FolderNode, Node } from "../src/tree.ts";

async function treeOf({ tar, below }: EdgeLayer): Promise<LayerTree> {
  const budget = new Budget(1024 ** 3);
  let tree: LayerTree | undefined;
  for (const bytes of [...below, tar]) {
    const { archive } = await readArchive(bytesBlob(bytes), { budget });
    tree = applyLayer(archive.entries, tree);
  }
  if (tree === undefined) throw new Error("there is no layer");
  return tree;
}

const kinds = {
  file: "file",
  directory: "folder",
  symlink: "link",
  fifo: "pipe",
  character: "character",
  block: "block",
} as const satisfies Record<Node["type"], EdgeFile["kind"]>;

/** All of a tree, as the testkit compares it. */
function found({ root }: LayerTree): ReadonlyMap<string, FoundFile> {
  const files = new Map<string, FoundFile>();
  const identities = new Map<Node, string>();
  function visit(path: string, node: Node): void {
    const identity = identities.get(node) ?? path;
    identities.set(node, identity);
    const { mode, uid, gid, mtime, xattrs } = node.attributes;
    const common = { kind: kinds[node.type], mode, uid, gid, mtime, xattrs, identity };
    files.set(path, node.type === "directory" ? common : { ...common, ...contentOf(node) });
    if (node.type === "directory") visitChildren(path, node);
  }
  function visitChildren(path: string, folder: FolderNode): void {
    for (const [name, child] of folder.children) visit(path === "" ? name : `${path}/${name}`, child);
  }
  visit("", root);
  return files;
}

function contentOf({ type, content, target, major, minor }: Exclude<Node, FolderNode>): Partial<EdgeFile> {
  if (content !== undefined) {
    const bytes = new Uint8Array(content.size + 10);
    return { content: bytes.subarray(0, content.read(bytes, 0)) };
  }
  return type === "symlink" ? { target } : { major, minor };
}

describe("the tree of", () => {
  for (const layer of edgeLayers) {
    it(layer.name, async () => {
      const { expected } = layer;
      if (isRefusal(expected)) {
        const { code, names } = expected;
        await expect(treeOf(layer)).rejects.toMatchObject({
          code,
          message: expect.stringContaining(names) as string,
        });
      } else {
        expect(edgeDifferences(found(await treeOf(layer)), expected)).toEqual([]);
      }
    });
  }
});
