import { type ByteString, type Folder, openRoot } from "@drayage/pack";

/** Opens the folders of paths that come in a tree's order, each once. */
export interface Cursor extends Disposable {
  /** The folder that a path is in; undefined where it is gone. Open until a path of another folder is asked for. */
  folderOf(path: ByteString): Folder | undefined;
}

/** @param root of the context: links in it are not followed, as paths have none; one that was put there meanwhile leads nowhere */
export function openCursor(root: string): Cursor {
  const open: { readonly folder: Folder; readonly name: ByteString }[] = [
    { folder: openRoot(root), name: "" },
  ];
  let current = "";
  let found: Folder | undefined = open[0]?.folder;

  function enter(path: ByteString): Folder | undefined {
    const wanted = path === "" ? [] : path.split("/");
    let shared = 0;
    while (shared < wanted.length && open[shared + 1]?.name === wanted[shared]) shared += 1;
    for (const { folder } of open.splice(shared + 1)) folder.close();
    let folder: Folder | undefined = open.at(-1)?.folder;
    for (const name of wanted.slice(shared)) {
      folder = folder?.folder(name);
      if (folder === undefined) return undefined;
      open.push({ folder, name });
    }
    return folder;
  }

  return {
    folderOf(path) {
      const slash = path.lastIndexOf("/");
      const outer = slash === -1 ? "" : path.slice(0, slash);
      if (outer !== current) {
        found = enter(outer);
        current = outer;
      }
      return found;
    },
    [Symbol.dispose]() {
      for (const { folder } of open.splice(0)) folder.close();
    },
  };
}
