import { DrayageError } from "@drayage/errors";

/** What docker takes for a git repository. */
const isGit = /^(?:git:\/\/|ssh:\/\/|git@[^/]+:|https?:\/\/[^?#]*\.git(?:[?#]|$))/;

/** @throws `ERR_DRAYAGE_USAGE` for the URL of a git repository: a file of that name is hardly ever what is meant */
export function refuseGit(source: string): void {
  if (!isGit.test(source)) return;
  throw new DrayageError("ERR_DRAYAGE_USAGE", "git repositories cannot be added", {
    hint: "clone it (git clone --depth 1), and add the folder",
  });
}
