/** What an option says about the mount point, rather than to the file system: `MOUNT_ATTR_*` and the like of mount(2). */
interface Attribute {
  /** For fsmount(2). */
  readonly attribute: number;
  /** For mount(2). */
  readonly flag: number;
}

const attributes: Readonly<Record<string, Attribute>> = {
  ro: { attribute: 0x1, flag: 0x1 },
  nosuid: { attribute: 0x2, flag: 0x2 },
  nodev: { attribute: 0x4, flag: 0x4 },
  noexec: { attribute: 0x8, flag: 0x8 },
  noatime: { attribute: 0x10, flag: 0x400 },
  strictatime: { attribute: 0x20, flag: 0x1000000 },
  nodiratime: { attribute: 0x80, flag: 0x800 },
  relatime: { attribute: 0, flag: 0x200000 },
  nosymfollow: { attribute: 0x200000, flag: 0x100 },
};

/** What is so anyway. */
const defaults: ReadonlySet<string> = new Set([
  "",
  "defaults",
  "rw",
  "suid",
  "dev",
  "exec",
  "atime",
  "diratime",
]);

export interface MountOptions {
  /** For fsmount(2). */
  readonly attributes: number;
  /** For mount(2). */
  readonly flags: number;
  /** What the file system itself is told: a name, or a name and its value. */
  readonly fileSystem: readonly (readonly [name: string, value?: string])[];
}

/** Options as in `mount -o`, each by itself. */
export function mountOptions(options: readonly string[]): MountOptions {
  const own = options.filter((option) => !defaults.has(option));
  const ofMount = own.flatMap((option) => attributes[option] ?? []);
  return {
    attributes: ofMount.reduce((sum, { attribute }) => sum | attribute, 0),
    flags: ofMount.reduce((sum, { flag }) => sum | flag, 0),
    fileSystem: own.filter((option) => attributes[option] === undefined).map(nameAndValue),
  };
}

function nameAndValue(option: string): readonly [name: string, value?: string] {
  const end = option.indexOf("=");
  if (end < 0) return [option];
  // Quotes keep the commas of a label together in a list of options; they are no part of it.
  return [option.slice(0, end), option.slice(end + 1).replace(/^"(.*)"$/, "$1")];
}
