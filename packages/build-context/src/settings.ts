import { DrayageError, isDrayageError } from "@drayage/errors";
import { machineOwnerNames, xattrReader } from "@drayage/pack";
import { loadSys } from "@drayage/sys";
import type { TarTime } from "@drayage/tar";
import type { EntryChanges, LayerSettings } from "./layer/entry-settings.ts";
import type { LayerTarOptions, SourceOptions } from "./options.ts";
import { type OwnerId, resolveOwner } from "./owner.ts";
import { emptyRoot, type RootView } from "./root-view.ts";

/** @throws `ERR_DRAYAGE_USAGE`, `ERR_DRAYAGE_OWNER_NOT_FOUND` */
export async function entryChanges(
  { chown, chmod, preserveOwners, timestamp }: SourceOptions,
  root: RootView,
): Promise<EntryChanges> {
  const none = preserveOwners === true ? undefined : { uid: 0, gid: 0 };
  return {
    owner: chown === undefined || chown === "" ? none : await ownerOf(chown, root),
    chmod: chmod === undefined || chmod === "" ? undefined : parseMode(chmod),
    time: timestamp && timeOf(timestamp),
  };
}

async function ownerOf(chown: string, root: RootView): Promise<OwnerId> {
  try {
    return await resolveOwner((path, limit) => root.readFile(path, limit), chown);
  } catch (error) {
    if (root !== emptyRoot || !isDrayageError(error, "ERR_DRAYAGE_OWNER_NOT_FOUND")) throw error;
    throw new DrayageError(
      error.code,
      `no file of the image says which numbers the owner ${JSON.stringify(chown)} has`,
      { hint: "give its numbers: 1000:1000", cause: error },
    );
  }
}

function parseMode(text: string): number {
  if (/^[0-7]{1,7}$/.test(text) && Number.parseInt(text, 8) <= 0o7777) return Number.parseInt(text, 8);
  throw new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `the mode ${JSON.stringify(text)} is no octal number up to 7777`,
    {
      hint: "such as 0755, 644 or 4755",
    },
  );
}

function timeOf(date: Date): TarTime {
  const seconds = Math.floor(date.getTime() / 1000);
  if (Number.isSafeInteger(seconds)) return { seconds, nanoseconds: 0 };
  throw new DrayageError("ERR_DRAYAGE_USAGE", "the timestamp is no date");
}

export function layerSettings(
  changes: EntryChanges,
  { dialect, ownerNames, xattrs }: LayerTarOptions,
): LayerSettings {
  const isOld = dialect === "1.43";
  return {
    ...changes,
    readXattrs: xattrReader(xattrs ?? loadSys() !== undefined),
    names: (ownerNames ?? isOld) ? machineOwnerNames() : undefined,
    typeBits: isOld,
    exactTimes: false,
  };
}
