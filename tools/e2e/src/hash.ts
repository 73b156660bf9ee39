import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";

/** `sha256:…` of bytes. */
export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** `sha256:…` of a file, or of a range of it. */
export async function sha256File(
  file: string,
  range: { start?: number; end?: number } = {},
): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, range), hash);
  return `sha256:${hash.digest("hex")}`;
}
