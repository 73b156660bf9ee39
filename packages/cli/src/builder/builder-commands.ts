import type { Commands } from "../command-group.ts";
import { addCommand, copyCommand } from "./add.command.ts";
import { commitCommand } from "./commit.command.ts";
import { configCommand } from "./config.command.ts";
import { fromCommand } from "./from.command.ts";
import { containersCommand, imagesCommand, mountCommand } from "./list.command.ts";
import {
  infoCommand,
  inspectCommand,
  loginCommand,
  logoutCommand,
  pullCommand,
  pushCommand,
  renameCommand,
  rmCommand,
  rmiCommand,
  tagCommand,
  umountCommand,
  unshareCommand,
  versionCommand,
} from "./manage.command.ts";
import { runCommand } from "./run.command.ts";

export { notThere, otherCommandNames } from "./not-there.ts";

/** buildah's commands. `manifest` is the group of its own. */
export const builderCommands: Commands = {
  from: fromCommand,
  add: addCommand,
  copy: copyCommand,
  config: configCommand,
  run: runCommand,
  mount: mountCommand,
  umount: umountCommand,
  commit: commitCommand,
  rm: rmCommand,
  rename: renameCommand,
  containers: containersCommand,
  inspect: inspectCommand,
  images: imagesCommand,
  rmi: rmiCommand,
  tag: tagCommand,
  pull: pullCommand,
  push: pushCommand,
  login: loginCommand,
  logout: logoutCommand,
  info: infoCommand,
  version: versionCommand,
  unshare: unshareCommand,
};

/** The commands where flags may stand behind words; those of the others are the container's or the command's. */
export const takesFlagsBetweenWords: ReadonlySet<string> = new Set([
  "containers",
  "help",
  "info",
  "rename",
  "tag",
  "version",
]);

/** What reads or changes files of layers: done in a user namespace by who is not root, as buildah does. */
export const needsRoot: ReadonlySet<string> = new Set([
  "from",
  "add",
  "copy",
  "config",
  "run",
  "umount",
  "commit",
  "rm",
  "pull",
  "push",
  "rmi",
]);
