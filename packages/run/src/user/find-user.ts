import { DrayageError } from "@drayage/errors";

/** Who a command runs as. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  /** The group first, then the others that the user belongs to. */
  readonly groups: readonly number[];
  readonly home: string;
}

/** The texts of the two files of the root file system; empty where there is none. */
export interface UserFiles {
  readonly passwd: string;
  readonly group: string;
}

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** The largest number of a user or a group: the next one means nobody to the kernel. */
export const idLimit: number = 2 ** 32 - 2;

/**
 * The user of `user[:group]` as buildah finds it: numbers need not be in the files, and one without a group has that of its line, or 0. The
 * other groups are those that have the user as a member, unless a group is named.
 *
 * @throws `ERR_DRAYAGE_OWNER_NOT_FOUND` for a name that is not in the files
 */
export function findUser(text: string, files: UserFiles): ProcessUser {
  const [userText = "", groupText] = splitOnce(text, ":");
  const accounts = parsePasswd(files.passwd);
  const groups = parseGroup(files.group);
  const wanted = userText === "" ? "0" : userText;
  const uid = idOf(wanted);
  const account = accounts.find((one) => (uid === undefined ? one.name === wanted : one.uid === uid));
  if (uid === undefined && account === undefined) throw missing("user", wanted, "passwd");
  const owner = uid ?? account?.uid ?? 0;
  const gid = groupText ? groupId(groupText, groups) : (account?.gid ?? 0);
  const others =
    groupText === undefined
      ? groups
          .filter(({ members }) => account !== undefined && members.includes(account.name))
          .map((group) => group.gid)
      : [];
  const home = accounts.find((one) => one.uid === owner)?.home;
  return { uid: owner, gid, groups: [...new Set([gid, ...others])], home: home || "/" };
}

function groupId(text: string, groups: readonly Group[]): number {
  const gid = idOf(text) ?? groups.find(({ name }) => name === text)?.gid;
  if (gid === undefined) throw missing("group", text, "group");
  return gid;
}

function missing(kind: "user" | "group", name: string, file: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_OWNER_NOT_FOUND",
    `there is no ${kind} ${JSON.stringify(name)} in the container's /etc/${file}`,
    {
      hint: `add the ${kind} to the image, or give its number`,
    },
  );
}

function idOf(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) && Number(text) <= idLimit ? Number(text) : undefined;
}

function parsePasswd(text: string): readonly Account[] {
  return lines(text, 7).flatMap(([name = "", , uid = "", gid = "", , home = ""]) => {
    const [user, group] = [idOf(uid), idOf(gid)];
    return user === undefined || group === undefined ? [] : [{ name, uid: user, gid: group, home }];
  });
}

function parseGroup(text: string): readonly Group[] {
  return lines(text, 4).flatMap(([name = "", , gid = "", members = ""]) => {
    const id = idOf(gid);
    return id === undefined
      ? []
      : [{ name, gid: id, members: members.split(",").map((member) => member.trim()) }];
  });
}

/** The fields of the lines that have as many as they should. */
function lines(text: string, fields: number): readonly (readonly string[])[] {
  return text
    .split("\n")
    .map((line) => line.split(":"))
    .filter((line) => line.length === fields);
}

function splitOnce(text: string, separator: string): readonly [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
