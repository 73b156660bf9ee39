/** A path without empty parts, `.`, and `..` as far as that leads: Go's `path.Clean`. */
export function cleanPath(path: string): string {
  const isAbsolute = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (!isAbsolute) parts.push(part);
  }
  const joined = parts.join("/");
  if (isAbsolute) return `/${joined}`;
  return joined === "" ? "." : joined;
}

/** The same below a root that nothing leads out of, without a slash in front: `../a/./b` is `a/b`, the root itself empty. */
export function pathBelow(path: string): string {
  return cleanPath(`/${path}`).slice(1);
}
