import type { BigIntStats } from "node:fs";
import { type ByteString, type Folder, textOf } from "@drayage/pack";
import type { IgnoreMatcher, IgnoreState } from "../patterns/ignore-matcher.ts";

/** Something below a folder that is added. */
export interface Walked {
  /** Below the folder, without a slash in front. */
  readonly path: ByteString;
  readonly stats: BigIntStats;
}

interface Level {
  readonly folder: Folder;
  /** Of the folder, with a slash at its end, or empty. */
  readonly prefix: ByteString;
  readonly names: Iterator<ByteString>;
  readonly state: IgnoreState;
}

export interface WalkOptions {
  readonly matcher: IgnoreMatcher;
  /** Of the folder, for the matcher; empty for the context itself. */
  readonly path: string;
  /** Is told of each socket that is left out, by its path below the folder. */
  readonly onSocket: (path: ByteString) => void;
}

/**
 * All that is in a folder and is not excluded, a folder before what is in it, each folder's names in the order of their bytes. No link is
 * followed; sockets are left out. It gives an array from time to time, so that others can be let run in between.
 *
 * @param folder is closed in the end
 */
export function* walk(
  folder: Folder,
  { matcher, path: base, onSocket }: WalkOptions,
): Generator<readonly Walked[], void, undefined> {
  const levels: Level[] = [];
  const outer = base === "" ? "" : `${base}/`;
  const open = (inner: Folder, prefix: ByteString, state: IgnoreState): void => {
    levels.push({ folder: inner, prefix, names: namesOf(inner), state });
  };
  try {
    open(folder, "", matcher.stateOf(base));
    let found: Walked[] = [];
    let last = performance.now();
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const { folder: inFolder, prefix, names, state } = level;
      const next = names.next();
      if (next.done === true) {
        levels.pop();
        inFolder.close();
        continue;
      }
      const stats = inFolder.stat(next.value);
      if (stats === undefined) continue;
      const path = `${prefix}${next.value}`;
      const own = matcher.isEmpty ? state : matcher.look(textOf(`${outer}${path}`), state);
      if (stats.isSocket()) {
        if (!own.isExcluded) onSocket(path);
        continue;
      }
      if (!own.isExcluded) found.push({ path, stats });
      if (stats.isDirectory() && (!own.isExcluded || matcher.mayInclude(textOf(`${outer}${path}`), own))) {
        const inner = inFolder.folder(next.value);
        if (inner !== undefined) open(inner, `${path}/`, own);
      }
      if (performance.now() - last > patience) {
        yield found;
        found = [];
        last = performance.now();
      }
    }
    if (found.length > 0) yield found;
  } finally {
    for (const { folder: left } of levels) left.close();
  }
}

/** How long names are looked at before others are let run, in milliseconds. */
const patience = 5;

/** Only read when they are asked for: what goes wrong then is cleaned up after. */
function* namesOf(folder: Folder): Generator<ByteString, void, undefined> {
  yield* folder.names();
}
