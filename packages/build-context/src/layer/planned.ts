import { type ByteString, type FileStats, fileType } from "@drayage/pack";

/** A file or folder that is added, before it is read. */
export interface Planned {
  /** Which of the items it belongs to. */
  readonly item: number;
  /** Its name in the tar that buildah makes of the item. */
  readonly name: ByteString;
  /** Where it is, below the context; empty for one that is downloaded. */
  readonly source: ByteString;
  readonly stats: FileStats | undefined;
  /** Whether nothing that comes later takes its place. */
  isKept: boolean;
}

export function isFolder({ stats }: Planned): boolean {
  return stats !== undefined && fileType(stats) === "directory";
}

/** Items that are written together, in the order of their names; or an archive, which has its own order. */
export type Group =
  | { readonly kind: "files"; readonly entries: readonly Planned[] }
  | { readonly kind: "archive"; readonly item: number };
