import type { TarHeader } from "../header.ts";
import { type ByteString, toByteString } from "../text.ts";
import { cleanName } from "./clean-name.ts";
import { childOf, createPlace, type Place } from "./place.ts";

/** Where on disk an entry comes to lie. */
export interface LayerPath {
  /** The path by its name alone, at least as much the same for two names as it is to Go's tools. */
  readonly path: ByteString;
  /** Where the links of the layer itself lead, but the last. */
  readonly place: Place;
  /** All folders and links that lead there, from the root on. */
  readonly way: readonly Place[];
  /**
   * Whether the content stands where Go's tools find it by its name. They do not where the name or a link on its way leads
   * out of the layer's folder, as they follow links on the host then; and a whiteout is no file on disk.
   */
  readonly isFound: boolean;
}

/** What Linux opens: PATH_MAX, and how many links it follows. */
const longestPath = 4096;
const mostLinks = 40;
/** Links can make a short name a long way. */
const mostSteps = 4096;
/** A whiteout, or what is in a folder that is none: aufs has such. */
const whiteout = /(?:^|\/)\.wh\./;

interface Folder {
  readonly path: ByteString;
  readonly place: Place;
  readonly way: readonly Place[];
  readonly isInside: boolean;
}

/** Follows names through the symbolic links of a layer, in the order in which these come. */
export class LayerPaths {
  readonly #root: Place = createPlace();
  /** That of the entry before, which is most often that of the next one. */
  #folder: Folder | undefined;

  /** Undefined for a name that Linux does not take. `name` is the text of `rawName` where that is at hand. */
  find(rawName: Uint8Array, name?: string): LayerPath | undefined {
    const { path, isInside } = cleanName(textOf(rawName, name));
    if (path.length >= longestPath) return undefined;
    if (path === "") return { path, place: this.#root, way: [], isFound: false };
    const slash = path.lastIndexOf("/");
    const base = path.slice(slash + 1);
    const folder = this.#folderOf(slash === -1 ? "" : path.slice(0, slash));
    const place = childOf(folder.place, base);
    // What is on its own way, by a link that goes up again, is gone with the last step.
    const isReached = folder.isInside && !folder.way.includes(place);
    return {
      path,
      place,
      way: folder.way,
      isFound: isInside && isReached && !whiteout.test(path),
    };
  }

  /** Takes note of what stands at the place from now on. */
  put(place: Place, header: TarHeader): void {
    const target =
      header.type === "symlink"
        ? linkTarget(header)
        : header.type === "link"
          ? this.find(header.rawLinkname, header.linkname)?.place.target
          : undefined;
    const loses = header.type !== "directory" && place.children !== undefined;
    if (place === this.#root || (target === place.target && !loses)) return;
    place.target = target;
    if (loses) place.children = undefined;
    this.#folder = undefined;
  }

  #folderOf(path: ByteString): Folder {
    if (this.#folder?.path !== path) this.#folder = this.#follow(path);
    return this.#folder;
  }

  #follow(path: ByteString): Folder {
    const way: Place[] = [];
    const lost: Folder = { path, place: createPlace(), way, isInside: false };
    const rest = path.split("/").reverse();
    /** The folders from the root down to where we are. */
    let stack: Place[] = [];
    let isInside = true;
    let links = 0;
    let steps = 0;
    for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
      if (part === "" || part === ".") continue;
      if (++steps > mostSteps) return lost;
      if (part === "..") {
        if (stack.pop() === undefined) isInside = false;
        continue;
      }
      const place = childOf(stack.at(-1) ?? this.#root, part);
      way.push(place);
      if (place.target === undefined) {
        stack.push(place);
        continue;
      }
      if (++links > mostLinks || place.target.length >= longestPath) return lost;
      if (place.target.startsWith("/")) {
        isInside = false;
        stack = [];
      }
      rest.push(...place.target.split("/").reverse());
    }
    return { path, place: stack.at(-1) ?? this.#root, way, isInside };
  }
}

/** One character for each byte. */
export function linkTarget(header: TarHeader): ByteString {
  return textOf(header.rawLinkname, header.linkname);
}

/** As bytes where it is not ASCII, so that every name has one form only. */
function textOf(raw: Uint8Array, text?: string): ByteString {
  const isAscii = text?.length === raw.length && !text.includes("\uFFFD");
  return isAscii ? text : toByteString(raw);
}
