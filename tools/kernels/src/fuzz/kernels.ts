import { createSyncInflater } from "@drayage/compression";
import { crc32, crc64, createDeflater, createInflater, createSha256 } from "@drayage/kernels";
import { checksumsTarget } from "./checksums-target.ts";
import { deflateTarget } from "./deflate-target.ts";
import { gzipTarget } from "./gzip-target.ts";
import { inflateTarget } from "./inflate-target.ts";
import type { Kernels, Target } from "./target.ts";

/** The real ones. */
const kernels: Kernels = {
  createInflater,
  createDeflater,
  crc32,
  crc64,
  createSha256,
  createGzipInflater() {
    const inflater = createSyncInflater("gzip", { engine: "kernels" });
    if (inflater === undefined) throw new TypeError("there is no synchronous gzip engine of the kernels");
    return inflater;
  },
};

const makers: Readonly<Record<string, (kernels: Kernels) => Target>> = {
  inflate: inflateTarget,
  gzip: gzipTarget,
  deflate: deflateTarget,
  checksums: checksumsTarget,
};

export const targetNames: readonly string[] = Object.keys(makers);

/** New targets of these names, over `tried`. */
export function makeTargets(names: readonly string[], tried: Kernels = kernels): readonly Target[] {
  return names.flatMap((name) => makers[name]?.(tried) ?? []);
}
