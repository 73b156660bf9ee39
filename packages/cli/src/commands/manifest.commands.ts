import type { Commands } from "../command-group.ts";
import { manifestExistsCommand } from "./manifest-exists.command.ts";

export const manifestCommands: Commands = {
  exists: manifestExistsCommand,
};
