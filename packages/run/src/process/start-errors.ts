import { DrayageError } from "@drayage/errors";

/** Why a command could not be started, the same whoever tried. `said` is what the kernel or the runtime said. */
export interface NotStarted {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly said: string;
}

export function notLoadable({ args, said }: NotStarted): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_COMMAND_NOT_FOUND",
    `${JSON.stringify(args[0])} of the container cannot be started: what interprets or loads it is missing`,
    {
      hint: "check its first line, and whether it was built for this machine and C library",
      cause: new Error(said),
    },
  );
}

export function notExecutable({ args, said }: NotStarted): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_COMMAND_NOT_EXECUTABLE",
    `${JSON.stringify(args[0])} of the container is no program for this machine and user`,
    {
      hint: "check who may run it, and whether it was built for this machine",
      cause: new Error(said),
    },
  );
}

export function noWorkingFolder({ cwd, said }: NotStarted, why: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_RUNTIME",
    `the working folder ${JSON.stringify(cwd)} cannot be entered in the container: ${why}`,
    {
      hint: "name another; what is mounted there must have it, and the user must be let in",
      cause: new Error(said),
    },
  );
}
