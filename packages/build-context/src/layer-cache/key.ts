import { createHasher } from "@drayage/digest";
import { type ByteString, createBreather, type FileStats, type Folder, openRoot } from "@drayage/pack";

/** What a layer is known by before it is made: all that is told of its files without reading them, and how it is made. */
export interface LayerKey {
  /** 64 hex digits. */
  readonly hash: string;
  /**
   * Whether every file was left alone for a while before it was looked at. One that was changed at that very time may be
   * changed again without its times telling (git calls it racily clean): what is found out under such a key is not to be kept.
   */
  readonly settled: boolean;
}

export interface LayerKeyBuilder {
  /** `path` is that in the layer, or whatever else tells two files of the same facts apart. */
  add(path: ByteString, stats: FileStats): void;
  finish(): LayerKey;
}

/**
 * Begins a key. Call it before the first file is looked at.
 *
 * @param settings all else that the layer's bytes depend on, as JSON has it
 * @param began when the first file was looked at, where that was before: milliseconds since 1970
 */
export function layerKey(settings: unknown, began: number = Date.now()): LayerKeyBuilder {
  const hasher = createHasher();
  const begin = BigInt(Math.floor(began)) * millisecond;
  let settled = true;
  let text = `${JSON.stringify(settings)}\n`;

  function flush(): void {
    hasher.update(Buffer.from(text, "latin1"));
    text = "";
  }

  hasher.update(Buffer.from(text));
  text = "";
  return {
    add(path, { mode, uid, gid, rdev, size, dev, ino, mtimeNs, ctimeNs }) {
      // Paths come as one character a byte, and no path has a zero in it.
      text += `${path}\0${mode} ${uid} ${gid} ${rdev} ${size} ${dev} ${ino} ${mtimeNs} ${ctimeNs}\n`;
      if (text.length > batch) flush();
      const quiet = begin - (ctimeNs % second === 0n ? coarse : fine);
      if (ctimeNs >= quiet || mtimeNs >= quiet) settled = false;
    },
    finish() {
      flush();
      return { hash: hasher.digest().slice("sha256:".length), settled };
    },
  };
}

const batch: number = 64 * 1024;
const millisecond = 1_000_000n;
const second = 1_000_000_000n;
/** The kernel's clock for files goes in steps of up to 10 ms. */
const fine: bigint = 50n * millisecond;
/** File systems without fractions of seconds go in steps of up to 2 s. */
const coarse: bigint = 2n * second + 50n * millisecond;

/** The key of all that is in a folder, itself left out. Follows no link. @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_ABORTED` */
export async function treeKey(
  root: string,
  settings: unknown,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<LayerKey> {
  const breathe = createBreather(options.signal, "look through a folder");
  const builder = layerKey(settings);
  const levels: { folder: Folder; prefix: ByteString; names: Iterator<ByteString> }[] = [];
  const enter = (folder: Folder, prefix: ByteString): void => {
    levels.push({ folder, prefix, names: folder.names().values() });
  };
  try {
    enter(openRoot(root), "");
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      await breathe();
      const { folder, prefix, names } = level;
      let inner: Folder | undefined;
      let path = "";
      for (let next = names.next(); next.done !== true; next = names.next()) {
        const stats = folder.stat(next.value);
        if (stats === undefined) continue;
        path = `${prefix}${next.value}`;
        builder.add(path, stats);
        inner = stats.isDirectory() ? folder.folder(next.value) : undefined;
        if (inner !== undefined) break;
      }
      if (inner !== undefined) {
        enter(inner, `${path}/`);
      } else {
        folder.close();
        levels.pop();
      }
    }
  } finally {
    for (const { folder } of levels) folder.close();
  }
  return builder.finish();
}
