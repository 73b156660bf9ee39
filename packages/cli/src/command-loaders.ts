import type { CommandDefinition } from "./command.ts";
import type { CommandGroup } from "./command-group.ts";
import { builderGroup } from "./commands/builder.group.ts";
import { manifestGroup } from "./commands/manifest.group.ts";
import type { CommandName } from "./commands.ts";

/** The definition of each command, loaded by itself: who calls one needs no other. */
const loaders: Readonly<Record<CommandName, () => Promise<CommandDefinition>>> = {
  copy: async () => (await import("./commands/copy.command.ts")).copyCommand,
  sync: async () => (await import("./commands/sync.command.ts")).syncCommand,
  inspect: async () => (await import("./commands/inspect.command.ts")).inspectCommand,
  digest: async () => (await import("./commands/digest.command.ts")).digestCommand,
  "list-tags": async () => (await import("./commands/list-tags.command.ts")).listTagsCommand,
  catalog: async () => (await import("./commands/catalog.command.ts")).catalogCommand,
  history: async () => (await import("./commands/history.command.ts")).historyCommand,
  tree: async () => (await import("./commands/tree.command.ts")).treeCommand,
  ls: async () => (await import("./commands/ls.command.ts")).lsCommand,
  cat: async () => (await import("./commands/cat.command.ts")).catCommand,
  diff: async () => (await import("./commands/diff.command.ts")).diffCommand,
  unpack: async () => (await import("./commands/unpack.command.ts")).unpackCommand,
  mutate: async () => (await import("./commands/mutate.command.ts")).mutateCommand,
  append: async () => (await import("./commands/append.command.ts")).appendCommand,
  rebase: async () => (await import("./commands/rebase.command.ts")).rebaseCommand,
  flatten: async () => (await import("./commands/flatten.command.ts")).flattenCommand,
  squash: async () => (await import("./commands/squash.command.ts")).squashCommand,
  normalize: async () => (await import("./commands/normalize.command.ts")).normalizeCommand,
  validate: async () => (await import("./commands/validate.command.ts")).validateCommand,
  images: async () => (await import("./commands/images.command.ts")).imagesCommand,
  rmi: async () => (await import("./commands/rmi.command.ts")).rmiCommand,
  tag: async () => (await import("./commands/tag.command.ts")).tagCommand,
  untag: async () => (await import("./commands/untag.command.ts")).untagCommand,
  pull: async () => (await import("./commands/pull.command.ts")).pullCommand,
  push: async () => (await import("./commands/push.command.ts")).pushCommand,
  save: async () => (await import("./commands/save.command.ts")).saveCommand,
  load: async () => (await import("./commands/load.command.ts")).loadCommand,
  mount: async () => (await import("./commands/mount.command.ts")).mountCommand,
  umount: async () => (await import("./commands/umount.command.ts")).umountCommand,
  export: async () => (await import("./commands/export.command.ts")).exportCommand,
  prune: async () => (await import("./commands/prune.command.ts")).pruneCommand,
  check: async () => (await import("./commands/check.command.ts")).checkCommand,
  info: async () => (await import("./commands/info.command.ts")).infoCommand,
  delete: async () => (await import("./commands/delete.command.ts")).deleteCommand,
  login: async () => (await import("./commands/login.command.ts")).loginCommand,
  logout: async () => (await import("./commands/logout.command.ts")).logoutCommand,
  "manifest-digest": async () =>
    (await import("./commands/manifest-digest.command.ts")).manifestDigestCommand,
  transports: async () => (await import("./commands/transports.command.ts")).transportsCommand,
  completion: async () => (await import("./commands/completion.command.ts")).completionCommand,
};

/** The command of this name, in the way all are given elsewhere; none where there is no such command. */
export async function loadCommand(name: string): Promise<Readonly<Record<string, CommandDefinition>>> {
  const load = Object.hasOwn(loaders, name) ? loaders[name as CommandName] : undefined;
  return load === undefined ? {} : { [name]: await load() };
}

type GroupName = "builder" | "manifest";

/** The groups of commands, which load their own commands when one is called. */
export const commandGroups: Readonly<Record<GroupName, CommandGroup>> = {
  builder: builderGroup,
  manifest: manifestGroup,
};
