/**
 * The name of the file that holds a piece of big data, as containers/storage forms it: the key itself where all characters before its last are
 * digits, small letters or dots, else `=` and the key's base64.
 */
export function bigDataFileName(key: string): string {
  // The last character may be any, by an oversight that files on disks now depend on; none that means another place, though.
  const plain = /^[.0-9a-z]*[^/\0]$/u.test(key) && key !== "." && key !== "..";
  return plain ? key : `=${Buffer.from(key).toString("base64")}`;
}
