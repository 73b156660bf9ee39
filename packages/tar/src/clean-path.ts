/**
 * The shortest name for the same path, by text alone, as Go's `path.Clean`: no `.`, no empty part, `..` only at the
 * start of a relative path, no slash at the end; `.` for nothing.
 */
export function cleanPath(path: string): string {
  const isAbsolute = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts[parts.length - 1] !== "..") parts.pop();
    else if (!isAbsolute) parts.push(part);
  }
  const joined = parts.join("/");
  return isAbsolute ? `/${joined}` : joined || ".";
}
