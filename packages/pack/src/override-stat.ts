import type { TarEntryType } from "@drayage/tar";

/** The attribute in which containers/storage keeps what a file would be if it could: `0:42:2755:dir`, `0:0:0600:block-8-1`. */
export const overrideStatXattr = "user.containers.override_stat";

export interface OverrideStat {
  readonly uid: number;
  readonly gid: number;
  /** Permissions, set-id and sticky bits. */
  readonly mode: number;
  readonly type: TarEntryType | "socket";
  /** Of devices; 0 for others. */
  readonly major: number;
  readonly minor: number;
}

const types: Readonly<Record<string, OverrideStat["type"]>> = {
  file: "file",
  dir: "directory",
  symlink: "symlink",
  pipe: "fifo",
  socket: "socket",
  block: "block",
  char: "character",
};

/** Undefined for text that does not have this form. More parts than are known are passed over, as the Go tools do. */
export function parseOverrideStat(value: Uint8Array): OverrideStat | undefined {
  const text = Buffer.from(value).toString("latin1");
  const found =
    /^(\d{1,10}):(\d{1,10}):([0-7]{1,7})(?::([a-z]+)(?:-(\d{1,10})-(\d{1,10}))?(?:[-:].*)?)?$/s.exec(text);
  if (found === null) return undefined;
  const [, uid, gid, mode = "", kind = "file", major, minor] = found;
  const type = Object.hasOwn(types, kind) ? types[kind] : undefined;
  if (type === undefined || ((kind === "block" || kind === "char") && major === undefined)) return undefined;
  return {
    uid: Number(uid),
    gid: Number(gid),
    mode: Number.parseInt(mode, 8) & 0o7777,
    type,
    major: Number(major ?? 0),
    minor: Number(minor ?? 0),
  };
}

/** The attribute's value, as the Go tools write it. */
export function formatOverrideStat({ uid, gid, mode, type, major, minor }: OverrideStat): Uint8Array {
  const kind = Object.keys(types).find((name) => types[name] === type) ?? "file";
  const device = type === "block" || type === "character" ? `-${major}-${minor}` : "";
  return Buffer.from(`${uid}:${gid}:${(mode & 0o7777).toString(8).padStart(4, "0")}:${kind}${device}`);
}
