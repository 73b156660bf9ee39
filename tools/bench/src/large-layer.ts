import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { encodeTarHeader, tarEnd } from "@drayage/tar";

/** Writes a layer of one file of `size` bytes, a multiple of 512, whose content is that of `model` over and over. */
export function writeLargeLayer(path: string, { model, size }: { model: string; size: number }): void {
  const chunk = new Uint8Array(1024 * 1024);
  const source = openSync(model, "r");
  const target = openSync(path, "w");
  try {
    const modelSize = fstatSync(source).size;
    writeSync(target, encodeTarHeader({ name: "large", type: "file", size }));
    for (let written = 0; written < size; ) {
      const wanted = Math.min(chunk.length, size - written);
      written += writeSync(target, chunk, 0, readSync(source, chunk, 0, wanted, written % modelSize));
    }
    writeSync(target, tarEnd());
  } finally {
    closeSync(target);
    closeSync(source);
  }
}
