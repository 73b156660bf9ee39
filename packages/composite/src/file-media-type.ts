/** By the end of a file's name: those that Go knows by itself (package mime). */
const byEnding: Readonly<Record<string, string>> = {
  avif: "image/avif",
  css: "text/css",
  gif: "image/gif",
  htm: "text/html",
  html: "text/html",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript",
  json: "application/json",
  mjs: "text/javascript",
  pdf: "application/pdf",
  png: "image/png",
  svg: "image/svg+xml",
  wasm: "application/wasm",
  webp: "image/webp",
  xml: "text/xml",
};

/** By how a file begins (WHATWG MIME Sniffing, "Matching a MIME type pattern"). */
const byBeginning: readonly (readonly [beginning: string, type: string])[] = [
  ["%PDF-", "application/pdf"],
  ["%!PS-Adobe-", "application/postscript"],
  ["\x89PNG\r\n\x1a\n", "image/png"],
  ["\xff\xd8\xff", "image/jpeg"],
  ["GIF87a", "image/gif"],
  ["GIF89a", "image/gif"],
  ["\x1f\x8b\x08", "application/x-gzip"],
  ["PK\x03\x04", "application/zip"],
  ["\0asm", "application/wasm"],
];

/** How many bytes of a file tell what it is. */
export const sniffedBytes = 512;

/** What a file is most likely, by its name, or else by its first {@link sniffedBytes}. */
export function fileMediaType(name: string, head: Uint8Array): string {
  const dot = name.lastIndexOf(".");
  const ending = dot < 0 ? "" : name.slice(dot + 1).toLowerCase();
  const named = Object.hasOwn(byEnding, ending) ? byEnding[ending] : undefined;
  if (named !== undefined) return named;
  const start = Array.from(head.subarray(0, 16), (byte) => String.fromCharCode(byte)).join("");
  const found = byBeginning.find(([beginning]) => start.startsWith(beginning));
  if (found !== undefined) return found[1];
  return head.subarray(0, sniffedBytes).some(isBinary) ? "application/octet-stream" : "text/plain";
}

/** A byte that no text has ("binary data byte"). */
function isBinary(byte: number): boolean {
  return byte <= 8 || byte === 11 || (byte >= 14 && byte <= 26) || (byte >= 28 && byte <= 31);
}
