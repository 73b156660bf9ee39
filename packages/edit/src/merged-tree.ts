import { DrayageError } from "@drayage/errors";
import { isFile, type LayerFileFacts, type LayerNode, type LayerTree, linkNames } from "@drayage/image-files";

/** A file with all its names. */
export interface MergedFile {
  readonly facts: LayerFileFacts;
  /** Of the image's layers, the one that has its bytes. */
  readonly layer: number;
}

/** A place in several layers applied one upon the other. */
export interface MergedNode {
  /** Undefined for a folder that no layer has an entry for. */
  file?: MergedFile | undefined;
  /** The names of the file that a hard link leads to, where these layers do not have it. */
  link?: readonly string[] | undefined;
  /** Of folders only. */
  children?: Map<string, MergedNode> | undefined;
  /** Nothing is here, and what is below these layers is hidden. */
  removed?: boolean | undefined;
  /** Of a folder: what is below these layers is hidden. */
  opaque?: boolean | undefined;
}

const mostLinks = 40;

/**
 * The trees of layers applied one upon the other (OCI image-spec, layer.md), the lowest first.
 *
 * @param first which of the image's layers the first tree is
 * @throws `ERR_DRAYAGE_ARCHIVE_INVALID` for links in a circle
 */
export function mergeLayers(trees: readonly LayerTree[], first: number): MergedNode {
  const root: MergedNode = { children: new Map() };
  for (const [index, tree] of trees.entries()) new LayerMerge(root, first + index).apply(tree);
  return root;
}

interface PendingLink {
  readonly folder: MergedNode;
  readonly name: string;
  readonly to: readonly string[];
}

class LayerMerge {
  readonly #root: MergedNode;
  readonly #layer: number;
  readonly #links: PendingLink[] = [];

  constructor(root: MergedNode, layer: number) {
    this.#root = root;
    this.#layer = layer;
  }

  apply(tree: LayerTree): void {
    if (tree.root.facts !== undefined) this.#root.file = this.#file(tree.root.facts);
    this.#applyFolder(this.#root, tree.root, []);
    this.#applyLinks();
  }

  #applyFolder(into: MergedNode, from: LayerNode, names: readonly string[]): void {
    const children = childrenOf(into);
    if (from.opaque) {
      children.clear();
      into.opaque = true;
    }
    for (const [name, child] of from.children ?? []) {
      if (!isFile(child)) {
        children.set(name, { removed: true });
      } else if (child.hardLink !== undefined) {
        const to = child.hardLink.split("/").filter((part) => part !== "");
        this.#links.push({ folder: into, name, to });
      } else if (child.facts !== undefined && child.facts.type !== "directory") {
        children.set(name, { file: this.#file(child.facts) });
      } else {
        const path = [...names, name];
        this.#applyFolder(this.#folder(into, { name, child, path }), child, path);
      }
    }
  }

  /** The folder that an entry of a layer, or the way to one, means. */
  #folder(
    into: MergedNode,
    {
      name,
      child,
      path,
    }: { readonly name: string; readonly child: LayerNode; readonly path: readonly string[] },
  ): MergedNode {
    const children = childrenOf(into);
    const there = children.get(name);
    // What stands below a link without being one's own folder is where the link leads.
    if (child.facts === undefined && !child.hidesLower && there?.file?.facts.type === "symlink") {
      const target = findNode(this.#root, path, true);
      if (target?.children !== undefined) return target;
    }
    const file = child.facts === undefined ? undefined : this.#file(child.facts);
    if (there?.children !== undefined && !child.hidesLower) {
      if (file !== undefined) there.file = file;
      return there;
    }
    const made: MergedNode = { file, children: new Map(), opaque: there !== undefined || child.hidesLower };
    children.set(name, made);
    return made;
  }

  #applyLinks(): void {
    for (let left = this.#links.splice(0); left.length > 0; ) {
      const waiting = left.filter(({ folder, name, to }) => {
        const target = findNode(this.#root, to, false);
        if (target?.file === undefined && target?.link === undefined) return true;
        if (target.children !== undefined) throw badLink(to, "a folder");
        childrenOf(folder).set(name, { file: target.file, link: target.link });
        return false;
      });
      if (waiting.length === left.length) {
        // Below these layers.
        for (const { folder, name, to } of waiting) childrenOf(folder).set(name, { link: to });
        return;
      }
      left = waiting;
    }
  }

  #file(facts: LayerFileFacts): MergedFile {
    return { facts, layer: this.#layer };
  }
}

/** What is at a path; links on the way are followed, and one at its end where that is wanted. */
export function findNode(
  root: MergedNode,
  names: readonly string[],
  follow: boolean,
): MergedNode | undefined {
  const way: MergedNode[] = [root];
  let left = [...names];
  let links = 0;
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    if (name === "..") {
      if (way.length > 1) way.pop();
      continue;
    }
    const node = way.at(-1)?.children?.get(name);
    if (node === undefined || node.removed === true) return undefined;
    if (node.file?.facts.type === "symlink" && (follow || left.length > 0)) {
      links += 1;
      if (links > mostLinks) throw badLink(names, "behind too many links");
      if (node.file.facts.target.startsWith("/")) way.splice(1);
      left = [...linkNames(node.file.facts.target), ...left];
      continue;
    }
    way.push(node);
  }
  return way.at(-1);
}

function childrenOf(node: MergedNode): Map<string, MergedNode> {
  node.children ??= new Map();
  return node.children;
}

function badLink(to: readonly string[], what: string): DrayageError {
  const path = Buffer.from(`/${to.join("/")}`, "latin1").toString();
  return new DrayageError(
    "ERR_DRAYAGE_ARCHIVE_INVALID",
    `a link leads to ${JSON.stringify(path)}, which is ${what}`,
  );
}
