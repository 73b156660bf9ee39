import { throwIfAborted } from "@drayage/errors";
import { encodeTarHeader, tarEnd, tarPadding, whiteoutPrefix } from "@drayage/tar";
import { toBytes } from "./byte-string.ts";
import type { TreeChange } from "./changes.ts";
import type { Content } from "./content.ts";
import type { FileNode, Node } from "./tree.ts";

const chunkSize = 256 * 1024;

/** A layer's tar of changes: what containers/storage writes for a layer of which it has no tar. */
export async function* packChanges(
  changes: readonly TreeChange[],
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  /** The first name of each file with several. */
  const names = new Map<FileNode, string>();
  for (const { path, node } of changes) {
    throwIfAborted(signal, "read a layer");
    if (node === undefined) {
      yield encodeTarHeader({ rawName: toBytes(whiteoutPath(path)), type: "file", mode: 0 });
      continue;
    }
    const first = node.type === "directory" ? undefined : names.get(node);
    yield headerOf(path, node, first);
    if (node.type === "directory" || first !== undefined) continue;
    names.set(node, path);
    if (node.content !== undefined) yield* bytesOf(node.content, signal);
  }
  yield tarEnd();
}

function whiteoutPath(path: string): string {
  const slash = path.lastIndexOf("/") + 1;
  return `${path.slice(0, slash)}${whiteoutPrefix}${path.slice(slash)}`;
}

function headerOf(path: string, node: Node, first: string | undefined): Uint8Array {
  const { mode, uid, gid, mtime, xattrs } = node.attributes;
  const common = { mode, uid, gid, mtime: { seconds: mtime.seconds, nanoseconds: 0 }, xattrs };
  if (node.type === "directory") {
    return encodeTarHeader({ ...common, rawName: toBytes(`${path}/`), type: "directory" });
  }
  return encodeTarHeader({
    ...common,
    rawName: toBytes(path),
    type: first === undefined ? node.type : "link",
    size: first === undefined ? (node.content?.size ?? 0) : 0,
    rawLinkname: toBytes(first ?? node.target),
    devmajor: node.major,
    devminor: node.minor,
  });
}

async function* bytesOf(
  content: Content,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let position = 0; position < content.size; ) {
    throwIfAborted(signal, "read a layer");
    const chunk = new Uint8Array(Math.min(chunkSize, content.size - position));
    content.read(chunk, position);
    yield chunk;
    position += chunk.length;
  }
  yield tarPadding(content.size);
}
