import type { Blob } from "./blob.ts";

/** The blob as messages name it. */
export function whatOf(blob: Blob): string {
  if (blob.what !== undefined) return blob.what;
  const { origin } = blob;
  switch (origin.kind) {
    case "file":
      return origin.whole === true
        ? JSON.stringify(origin.path)
        : `${origin.length} bytes at ${origin.offset} of ${JSON.stringify(origin.path)}`;
    case "bytes":
      return "the bytes in memory";
    case "stream":
      return "the stream";
  }
}
