/**
 * A path with one character, U+0000 to U+00FF, for each byte: names of files need not be UTF-8. Below a layer's root it has
 * no leading slash, and the root itself is the empty string.
 */
export type BytePath = string;

export function bytePathOf(bytes: Uint8Array): BytePath {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** The path of a text, such as that of the store. */
export function bytePathOfText(text: string): BytePath {
  return isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** What is not UTF-8 becomes U+FFFD. */
export function textOf(path: BytePath): string {
  return isAscii(path) ? path : Buffer.from(path, "latin1").toString("utf8");
}

/** What Node's fs takes for a path. */
export function fsPath(path: BytePath): string | Buffer {
  return isAscii(path) ? path : Buffer.from(path, "latin1");
}

export function join(folder: BytePath, name: BytePath): BytePath {
  return folder === "" ? name : `${folder}/${name}`;
}

export function folderOf(path: BytePath): BytePath {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}

export function nameOf(path: BytePath): BytePath {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Whether the path is the folder or below it. */
export function isWithin(path: BytePath, folder: BytePath): boolean {
  return folder === "" || path === folder || path.startsWith(`${folder}/`);
}

function isAscii(text: string): boolean {
  return !/[^\0-\u007f]/.test(text);
}
