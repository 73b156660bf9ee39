import type { CommandDefinition } from "./command.ts";
import { appendCommand } from "./commands/append.command.ts";
import { catCommand } from "./commands/cat.command.ts";
import { catalogCommand } from "./commands/catalog.command.ts";
import { checkCommand } from "./commands/check.command.ts";
import { completionCommand } from "./commands/completion.command.ts";
import { copyCommand } from "./commands/copy.command.ts";
import { deleteCommand } from "./commands/delete.command.ts";
import { diffCommand } from "./commands/diff.command.ts";
import { digestCommand } from "./commands/digest.command.ts";
import { exportCommand } from "./commands/export.command.ts";
import { flattenCommand } from "./commands/flatten.command.ts";
import { historyCommand } from "./commands/history.command.ts";
import { imagesCommand } from "./commands/images.command.ts";
import { infoCommand } from "./commands/info.command.ts";
import { inspectCommand } from "./commands/inspect.command.ts";
import { listTagsCommand } from "./commands/list-tags.command.ts";
import { loadCommand } from "./commands/load.command.ts";
import { loginCommand } from "./commands/login.command.ts";
import { logoutCommand } from "./commands/logout.command.ts";
import { lsCommand } from "./commands/ls.command.ts";
import { manifestDigestCommand } from "./commands/manifest-digest.command.ts";
import { mountCommand } from "./commands/mount.command.ts";
import { mutateCommand } from "./commands/mutate.command.ts";
import { normalizeCommand } from "./commands/normalize.command.ts";
import { pruneCommand } from "./commands/prune.command.ts";
import { pullCommand } from "./commands/pull.command.ts";
import { pushCommand } from "./commands/push.command.ts";
import { rebaseCommand } from "./commands/rebase.command.ts";
import { rmiCommand } from "./commands/rmi.command.ts";
import { saveCommand } from "./commands/save.command.ts";
import { squashCommand } from "./commands/squash.command.ts";
import { syncCommand } from "./commands/sync.command.ts";
import { tagCommand } from "./commands/tag.command.ts";
import { transportsCommand } from "./commands/transports.command.ts";
import { treeCommand } from "./commands/tree.command.ts";
import { umountCommand } from "./commands/umount.command.ts";
import { unpackCommand } from "./commands/unpack.command.ts";
import { untagCommand } from "./commands/untag.command.ts";
import { validateCommand } from "./commands/validate.command.ts";

export type CommandName =
  | "copy"
  | "sync"
  | "inspect"
  | "digest"
  | "list-tags"
  | "catalog"
  | "history"
  | "tree"
  | "ls"
  | "cat"
  | "diff"
  | "unpack"
  | "mutate"
  | "append"
  | "rebase"
  | "flatten"
  | "squash"
  | "normalize"
  | "validate"
  | "images"
  | "rmi"
  | "tag"
  | "untag"
  | "pull"
  | "push"
  | "save"
  | "load"
  | "mount"
  | "umount"
  | "export"
  | "prune"
  | "check"
  | "info"
  | "delete"
  | "login"
  | "logout"
  | "manifest-digest"
  | "transports"
  | "completion";

/** All commands, for the parser; `command-loaders.ts` has each by itself. Each loads its own code when it runs. */
export const commands: Readonly<Record<CommandName, CommandDefinition>> = {
  copy: copyCommand,
  sync: syncCommand,
  inspect: inspectCommand,
  digest: digestCommand,
  "list-tags": listTagsCommand,
  catalog: catalogCommand,
  history: historyCommand,
  tree: treeCommand,
  ls: lsCommand,
  cat: catCommand,
  diff: diffCommand,
  unpack: unpackCommand,
  mutate: mutateCommand,
  append: appendCommand,
  rebase: rebaseCommand,
  flatten: flattenCommand,
  squash: squashCommand,
  normalize: normalizeCommand,
  validate: validateCommand,
  images: imagesCommand,
  rmi: rmiCommand,
  tag: tagCommand,
  untag: untagCommand,
  pull: pullCommand,
  push: pushCommand,
  save: saveCommand,
  load: loadCommand,
  mount: mountCommand,
  umount: umountCommand,
  export: exportCommand,
  prune: pruneCommand,
  check: checkCommand,
  info: infoCommand,
  delete: deleteCommand,
  login: loginCommand,
  logout: logoutCommand,
  "manifest-digest": manifestDigestCommand,
  transports: transportsCommand,
  completion: completionCommand,
};
