import { access, constants } from "node:fs/promises";
import { tmpdir } from "node:os";

/**
 * Where temporary files go that may be as large as an image: the folder that was asked for, else `$TMPDIR`, else, as
 * the Go tools have it, `/var/tmp`, since /tmp is often in memory, and the system's place for such files where there is
 * none.
 */
export async function temporaryFolder(wanted?: string): Promise<string> {
  const folder = wanted ?? process.env.TMPDIR;
  if (folder !== undefined && folder !== "") return folder;
  try {
    await access("/var/tmp", constants.W_OK);
    return "/var/tmp";
  } catch {
    return tmpdir();
  }
}
