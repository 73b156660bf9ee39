import { type Folder, openRoot } from "@drayage/pack";

/** As many as Linux follows. */
const mostLinks = 40;

/**
 * Opens a regular file of a tree, as the kernel would if the tree's folder were the root: for where openat2(2) cannot be called. Every
 * part of the path is looked up in an open folder. Undefined where there is no such file.
 */
export function openByWalking(root: string, name: Uint8Array): number | undefined {
  /** The folders from the root to where the walk is. */
  const folders: Folder[] = [openRoot(root)];
  function leave(count: number): void {
    for (const folder of folders.splice(count)) folder.close();
  }
  try {
    const parts = partsOf(Buffer.from(name).toString("latin1"));
    let links = 0;
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      if (part === "..") {
        leave(Math.max(folders.length - 1, 1));
        continue;
      }
      const here = folders.at(-1);
      const link = here?.link(part);
      if (link !== undefined) {
        links += 1;
        if (links > mostLinks) return undefined;
        if (link.startsWith("/")) leave(1);
        parts.unshift(...partsOf(link));
      } else if (parts.length === 0) {
        return here?.file(part)?.fd;
      } else {
        const inner = here?.folder(part);
        if (inner === undefined) return undefined;
        folders.push(inner);
      }
    }
    return undefined;
  } finally {
    leave(0);
  }
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}
