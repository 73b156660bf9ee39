import zlib from "node:zlib";
import { ensureNode24 } from "../../setup/src/node24.mjs";

export interface NodeForRow {
  readonly binary: string;
  /** Said beside the row, where it is another Node than the one that runs the bench. */
  readonly note?: string | undefined;
}

/** A Node with zstd of its own: this one, or else the second one that the tests use too. */
export async function nodeWithZstd(): Promise<NodeForRow> {
  if ("zstdCompressSync" in zlib) return { binary: process.execPath };
  const found = await ensureNode24();
  if ("reason" in found) throw new Error(found.reason);
  return { binary: found.binary, note: "Node 24" };
}
