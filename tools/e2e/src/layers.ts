import { randomFillSync } from "node:crypto";
import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { encodeTarHeader } from "@drayage/tar";

const blockSize = 512;

/** A tar file with one file of `size` random bytes, which no compression makes smaller. */
export function writeRandomLayer(path: string, size: number): void {
  const body = randomFillSync(new Uint8Array(size));
  writeLayer(path, size, (fd, position) => writeSync(fd, body, 0, size, position));
}

/** A tar file with one file of `size` zero bytes, which takes no room on the disk. */
export function writeSparseLayer(path: string, size: number): void {
  writeLayer(path, size, () => {});
}

function writeLayer(path: string, size: number, writeBody: (fd: number, position: number) => void): void {
  const fd = openSync(path, "w");
  try {
    const header = encodeTarHeader({ name: "file", type: "file", size });
    writeSync(fd, header);
    writeBody(fd, header.length);
    ftruncateSync(fd, header.length + Math.ceil(size / blockSize) * blockSize + 2 * blockSize);
  } finally {
    closeSync(fd);
  }
}
