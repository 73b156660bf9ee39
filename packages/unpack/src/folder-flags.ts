import { constants } from "node:fs";

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants;

/** A folder is opened by its name in its parent, which is open, and never through a link. */
export const folderFlags: number = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
