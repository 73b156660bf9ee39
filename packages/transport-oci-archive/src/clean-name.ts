import { DrayageError } from "@drayage/errors";

/**
 * An entry's name without `.`, `..` and extra slashes: `./blobs//x/` is `blobs/x`. A leading slash counts for
 * nothing, as to whoever unpacks.
 *
 * @throws ERR_DRAYAGE_ARCHIVE_INVALID where it leads out of the archive
 */
export function cleanName(name: string, label: string): string {
  const parts: string[] = [];
  for (const part of name.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) throw leavesArchive(name, label);
  }
  return parts.join("/");
}

function leavesArchive(name: string, label: string): DrayageError {
  const shown = JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name);
  return new DrayageError(
    "ERR_DRAYAGE_ARCHIVE_INVALID",
    `${label}: the name ${shown} leads out of the archive`,
    {
      hint: "do not unpack this archive",
    },
  );
}
