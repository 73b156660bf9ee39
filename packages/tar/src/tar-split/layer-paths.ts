import type { TarHeader } from "../header.ts";
import { type ByteString, toByteString } from "../text.ts";
import { cleanName } from "./clean-name.ts";

/** Where on disk an entry comes to lie. */
export interface LayerPath {
  /** The path below the layer's folder as the name says it; "" for the root. */
  readonly named: ByteString;
  /** The same with the links of the layer itself followed, but the last. */
  readonly path: ByteString;
  /**
   * Whether the content stands where Go's tools find it by its name. They do not where the name or a link on its way leads
   * out of the layer's folder, as they follow links on the host then; and a whiteout is no file on disk.
   */
  readonly isFound: boolean;
  /** What has to stay for the path to be found: the folder by its name, what its links lead over, and the folder itself. */
  readonly folders: readonly ByteString[];
}

/** Paths longer than Linux opens (PATH_MAX) are not looked into. */
const longestPath = 4096;
const mostLinks = 40;
/** A whiteout, or what is in a folder that is none: aufs has such. */
const whiteout = /(?:^|\/)\.wh\./;

interface Folder {
  readonly named: ByteString;
  readonly path: ByteString;
  /** The links on the way, and the folders that `..` in a link leaves. */
  readonly passed: readonly ByteString[];
  readonly isInside: boolean;
}

/** Follows names through the symbolic links of a layer, in the order in which these come. */
export class LayerPaths {
  /** The symbolic links so far, and where they point. */
  readonly #links: Map<ByteString, ByteString> = new Map();
  /** That of the entry before, which is most often that of the next one. */
  #folder: Folder | undefined;

  /** `name` is the text of `rawName` where that is at hand. */
  find(rawName: Uint8Array, name?: string): LayerPath {
    const { path: named, isInside } = cleanName(textOf(rawName, name));
    const slash = named.lastIndexOf("/");
    const base = named.slice(slash + 1);
    const folder = this.#resolved(slash === -1 ? "" : named.slice(0, slash));
    const path = folder.path === "" ? base : `${folder.path}/${base}`;
    const isInItsOwnWay = folder.passed.some((place) => `${place}/`.startsWith(`${path}/`));
    return {
      named,
      path,
      isFound: isInside && folder.isInside && !isInItsOwnWay && named !== "" && !whiteout.test(named),
      folders: [folder.named, ...folder.passed, folder.path],
    };
  }

  /** Whether the entry is the link that is there already. */
  isSameLink(path: ByteString, header: TarHeader): boolean {
    return header.type === "symlink" && this.#links.get(path) === targetOf(header);
  }

  isLink(path: ByteString): boolean {
    return this.#links.has(path);
  }

  /** Takes note of what stands at the path from now on. */
  put(path: ByteString, header: TarHeader): void {
    const target =
      header.type === "symlink"
        ? targetOf(header)
        : header.type === "link"
          ? this.#links.get(this.find(header.rawLinkname, header.linkname).path)
          : undefined;
    if (target !== undefined) this.#links.set(path, target);
    else if (!this.#links.delete(path)) return;
    this.#folder = undefined;
  }

  #resolved(named: ByteString): Folder {
    if (this.#folder?.named !== named) this.#folder = this.#resolve(named);
    return this.#folder;
  }

  #resolve(named: ByteString): Folder {
    const notFollowed: Folder = { named, path: named, passed: [], isInside: false };
    if (named.length > longestPath) return notFollowed;
    if (this.#links.size === 0) return { ...notFollowed, isInside: true };
    const rest = named.split("/").reverse();
    const passed: ByteString[] = [];
    let links = 0;
    let path: ByteString[] = [];
    let isInside = true;
    for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
      if (part === "" || part === ".") continue;
      if (part === "..") {
        if (path.length > 0) passed.push(path.join("/"));
        if (path.pop() === undefined) isInside = false;
        continue;
      }
      path.push(part);
      const place = path.join("/");
      const target = this.#links.get(place);
      if (target === undefined) continue;
      passed.push(place);
      links++;
      if (links > mostLinks || target.length > longestPath) return notFollowed;
      path.pop();
      if (target.startsWith("/")) {
        isInside = false;
        path = [];
      }
      rest.push(...target.split("/").reverse());
    }
    return { named, path: path.join("/"), passed, isInside };
  }
}

function targetOf(header: TarHeader): ByteString {
  return textOf(header.rawLinkname, header.linkname);
}

/** As bytes where it is not ASCII, so that every name has one form only. */
function textOf(raw: Uint8Array, text?: string): ByteString {
  const isAscii = text?.length === raw.length && !text.includes("\uFFFD");
  return isAscii ? text : toByteString(raw);
}
