import type { TarEvent, TarHeader } from "../../src/index.ts";
import { concat } from "./archive.ts";

type Node =
  | { readonly kind: "folder"; readonly children: Map<string, Node> }
  | { readonly kind: "link"; readonly target: string }
  | { readonly kind: "file"; content: Uint8Array }
  | { readonly kind: "other" };

/** A folder that a layer is unpacked to: later entries take the place of earlier ones, links are followed below the root. */
export interface MemoryFolder {
  /** False where the layer cannot be unpacked: links that go round, hard links to nothing, a content for the root. */
  take(event: TarEvent): boolean;
  read(name: string): Uint8Array | undefined;
}

const mostLinks = 40;

export function memoryFolder(): MemoryFolder {
  const root: Node & { kind: "folder" } = { kind: "folder", children: new Map() };
  let current: { readonly file: Node & { kind: "file" }; readonly pieces: Uint8Array[] } | undefined;

  /** The folder and the last part of a path, after all links on the way to it; undefined where there is none. */
  function locate(
    path: string,
    make: boolean,
  ): { folder: Node & { kind: "folder" }; base: string } | undefined {
    const rest = path.split("/").filter((part) => part !== "" && part !== ".");
    const trail: (Node & { kind: "folder" })[] = [root];
    let links = 0;
    while (rest.length > 0) {
      const part = rest.shift() as string;
      const folder = trail.at(-1) as Node & { kind: "folder" };
      if (part === "..") {
        if (trail.length > 1) trail.pop();
        continue;
      }
      if (rest.length === 0) return { folder, base: part };
      let child = folder.children.get(part);
      if (child?.kind === "link") {
        if (++links > mostLinks) return undefined;
        if (child.target.startsWith("/")) trail.length = 1;
        rest.unshift(...child.target.split("/").filter((other) => other !== "" && other !== "."));
        continue;
      }
      if (child?.kind !== "folder") {
        if (!make) return undefined;
        child = { kind: "folder", children: new Map() };
        folder.children.set(part, child);
      }
      trail.push(child);
    }
    return { folder: trail.at(-1) as Node & { kind: "folder" }, base: "" };
  }

  function put(header: TarHeader): boolean {
    const name = Buffer.from(header.rawName).toString("latin1");
    const clean = cleaned(name);
    const place = locate(clean, true);
    if (place === undefined) return false;
    const { folder, base } = place;
    if (base === "") return header.type !== "file" || header.size === 0;
    const before = folder.children.get(base);
    if (header.type === "directory") {
      if (before?.kind !== "folder") folder.children.set(base, { kind: "folder", children: new Map() });
    } else if (header.type === "symlink") {
      folder.children.set(base, { kind: "link", target: header.linkname });
    } else if (header.type === "link") {
      const target = locate(cleaned(header.linkname), false);
      const node = target?.folder.children.get(target.base);
      if (node === undefined || node.kind === "folder") return false;
      folder.children.set(base, node);
    } else if (header.type === "file" && !base.startsWith(".wh.")) {
      const file: Node & { kind: "file" } = { kind: "file", content: new Uint8Array() };
      folder.children.set(base, file);
      current = { file, pieces: [] };
    } else {
      folder.children.set(base, { kind: "other" });
    }
    return true;
  }

  return {
    take(event) {
      if (event.type === "header") {
        current = undefined;
        return put(event.header);
      }
      if (event.type === "data") current?.pieces.push(event.bytes.slice());
      if (event.type === "entry-end" && current !== undefined)
        current.file.content = concat(...current.pieces);
      return true;
    },
    read(name) {
      const place = locate(name, false);
      const node = place?.folder.children.get(place.base);
      return node?.kind === "file" ? node.content : undefined;
    },
  };
}

/** As Go's filepath.Clean below a root: `..` goes no higher. */
function cleaned(name: string): string {
  const parts: string[] = [];
  for (const part of name.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}
