import type { CommandDefinition } from "./command.ts";
import { catCommand } from "./commands/cat.command.ts";
import { catalogCommand } from "./commands/catalog.command.ts";
import { completionCommand } from "./commands/completion.command.ts";
import { copyCommand } from "./commands/copy.command.ts";
import { deleteCommand } from "./commands/delete.command.ts";
import { diffCommand } from "./commands/diff.command.ts";
import { digestCommand } from "./commands/digest.command.ts";
import { historyCommand } from "./commands/history.command.ts";
import { inspectCommand } from "./commands/inspect.command.ts";
import { listTagsCommand } from "./commands/list-tags.command.ts";
import { loginCommand } from "./commands/login.command.ts";
import { logoutCommand } from "./commands/logout.command.ts";
import { lsCommand } from "./commands/ls.command.ts";
import { manifestDigestCommand } from "./commands/manifest-digest.command.ts";
import { syncCommand } from "./commands/sync.command.ts";
import { transportsCommand } from "./commands/transports.command.ts";
import { validateCommand } from "./commands/validate.command.ts";

type CommandName =
  | "copy"
  | "sync"
  | "inspect"
  | "digest"
  | "list-tags"
  | "catalog"
  | "history"
  | "ls"
  | "cat"
  | "diff"
  | "validate"
  | "delete"
  | "login"
  | "logout"
  | "manifest-digest"
  | "transports"
  | "completion";

/** The commands, each of which loads its own code when it runs. */
export const commands: Readonly<Record<CommandName, CommandDefinition>> = {
  copy: copyCommand,
  sync: syncCommand,
  inspect: inspectCommand,
  digest: digestCommand,
  "list-tags": listTagsCommand,
  catalog: catalogCommand,
  history: historyCommand,
  ls: lsCommand,
  cat: catCommand,
  diff: diffCommand,
  validate: validateCommand,
  delete: deleteCommand,
  login: loginCommand,
  logout: logoutCommand,
  "manifest-digest": manifestDigestCommand,
  transports: transportsCommand,
  completion: completionCommand,
};
