import { DrayageError } from "@drayage/errors";
import type { MountFlag } from "./mount.ts";

/** What may follow `source:destination:`, and stand in `--mount`, each group at most once. */
const groups: readonly (readonly string[])[] = [
  ["exec", "noexec"],
  ["dev", "nodev"],
  ["suid", "nosuid"],
  ["rw", "ro"],
  ["z", "Z", "O"],
  ["U"],
  ["shared", "rshared", "slave", "rslave", "private", "rprivate", "unbindable", "runbindable"],
  ["bind", "rbind"],
  ["copy", "nocopy"],
  ["cached", "delegated", "consistent"],
  ["upperdir"],
  ["workdir"],
];

/** What they ask for. */
export interface VolumeOptions {
  readonly flags: readonly MountFlag[];
  readonly overlay: boolean;
  readonly chown: boolean;
  readonly upper?: string | undefined;
  readonly work?: string | undefined;
}

/**
 * Labels (`z`, `Z`) are accepted and change nothing, as SELinux is not served; so are `copy` and the options of macOS.
 * @throws `ERR_DRAYAGE_USAGE`
 */
export function volumeOptions(texts: readonly string[], whole: string): VolumeOptions {
  const names = texts.filter((text) => text !== "").map((text) => text.split("=")[0] ?? "");
  for (const name of names) {
    if (!groups.some((group) => group.includes(name))) {
      throw usage(
        `${JSON.stringify(name)} of ${JSON.stringify(whole)} is no option of a mount`,
        `use ${groups.flat().join(", ")}`,
      );
    }
  }
  for (const group of groups) {
    if (names.filter((name) => group.includes(name)).length > 1) {
      throw usage(
        `${JSON.stringify(whole)} has more than one of the options ${group.join(", ")}`,
        "leave one of them",
      );
    }
  }
  const valueNamed = (name: string): string | undefined =>
    texts.find((text) => text.startsWith(`${name}=`))?.slice(name.length + 1);
  const [upper, work] = [valueNamed("upperdir"), valueNamed("workdir")];
  if ((upper === undefined) !== (work === undefined)) {
    throw usage(
      `${JSON.stringify(whole)} has one of the options upperdir and workdir, which go together`,
      "give both, or none",
    );
  }
  const flags = names.filter((name): name is MountFlag => mountFlags.has(name));
  return { flags, overlay: names.includes("O"), chown: names.includes("U"), upper, work };
}

const mountFlags: ReadonlySet<string> = new Set([
  ...groups.slice(0, 4).flat(),
  ...(groups[6] ?? []),
  ...(groups[7] ?? []),
]);

export function usage(message: string, hint: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", message, { hint });
}
