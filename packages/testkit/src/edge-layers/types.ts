import type { DrayageErrorCode } from "@drayage/errors";
import type { TarTime } from "@drayage/tar";

/** A file as it has to be once a layer is unpacked. What is absent may be anything. */
export interface EdgeFile {
  readonly kind: "file" | "folder" | "link" | "pipe" | "character" | "block";
  /** Permissions, set-id and sticky bits; of no meaning for links. */
  readonly mode?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly mtime?: TarTime | undefined;
  /** Of files. */
  readonly content?: Uint8Array | undefined;
  /** Where a link points to, one character for each byte. */
  readonly target?: string | undefined;
  readonly major?: number | undefined;
  readonly minor?: number | undefined;
  /** All of `user.*`, `security.capability` and `security.selinux`, but those of overlayfs and of containers' own. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array> | undefined;
  /** The path of another name of the same file. */
  readonly sameAs?: string | undefined;
}

/** By the path below the root, one character for each byte: `etc/motd`. "" is the root, where anything is said of it. */
export type EdgeTree = ReadonlyMap<string, EdgeFile>;

/** That a layer must not be taken. */
export interface EdgeRefusal {
  readonly code: DrayageErrorCode;
  /** What the error's message has to name: the entry as a rule. */
  readonly names: string;
}

/** A layer that tools disagree about, or might. */
export interface EdgeLayer {
  /** What is special about it. */
  readonly name: string;
  readonly tar: Uint8Array;
  /** The layers below it, the lowest first. Most have none. */
  readonly below: readonly Uint8Array[];
  /** All that all layers together have then, by the OCI image-spec, or why it must not be taken. */
  readonly expected: EdgeTree | EdgeRefusal;
  /** Where a store refuses what can be unpacked: it could not give the archive back. */
  readonly stored?: EdgeRefusal | undefined;
  /** What the drivers of containers/storage do instead: measured with 1.43. */
  readonly go?: { readonly overlay?: string | undefined; readonly vfs?: string | undefined } | undefined;
}

/** Whether a layer, or its expectation, is one that must not be taken. */
export function isRefusal(expected: EdgeTree | EdgeRefusal): expected is EdgeRefusal {
  return "code" in expected;
}
