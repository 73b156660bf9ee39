import type { Commands } from "../command-group.ts";
import { manifestAddCommand } from "./manifest-add.command.ts";
import { manifestAnnotateCommand } from "./manifest-annotate.command.ts";
import { manifestCreateCommand } from "./manifest-create.command.ts";
import { manifestExistsCommand } from "./manifest-exists.command.ts";
import { manifestInspectCommand } from "./manifest-inspect.command.ts";
import { manifestPushCommand } from "./manifest-push.command.ts";
import { manifestRemoveCommand } from "./manifest-remove.command.ts";
import { manifestRmCommand } from "./manifest-rm.command.ts";

export const manifestCommands: Commands = {
  create: manifestCreateCommand,
  add: manifestAddCommand,
  annotate: manifestAnnotateCommand,
  remove: manifestRemoveCommand,
  inspect: manifestInspectCommand,
  push: manifestPushCommand,
  exists: manifestExistsCommand,
  rm: manifestRmCommand,
};
