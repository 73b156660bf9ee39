import { DrayageError } from "@drayage/errors";
import type { RootView } from "./root-view.ts";

export interface OwnerId {
  readonly uid: number;
  readonly gid: number;
}

/** Of a passwd or group file, in bytes. */
const fileLimit = 16 * 1024 * 1024;
/** The number behind it stands for none. */
const largestId = 0xfffffffe;

/**
 * The owner that `user[:group]` means in a root file system, by the rules of buildah's `--chown`: numbers are themselves; a number
 * alone is the group's, too; a name is one of `/etc/passwd`, whose group counts where none is given; a group's name is one of `/etc/group`.
 * The first line of a name counts; lines that are malformed do not.
 *
 * @throws `ERR_DRAYAGE_OWNER_NOT_FOUND` for a name that the root lacks, `ERR_DRAYAGE_USAGE` for text that names nobody
 */
export async function resolveOwner(readFile: RootView["readFile"], owner: string): Promise<OwnerId> {
  const colon = owner.indexOf(":");
  const user = colon === -1 ? owner : owner.slice(0, colon);
  const group = colon === -1 ? "" : owner.slice(colon + 1);
  if (user === "" && group === "") {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `the owner ${JSON.stringify(owner)} names nobody`, {
      hint: "an owner is user[:group], in names or numbers: 1000:1000, node, root:root",
    });
  }
  const uid = idOf(user === "" ? "0" : user);
  const gid = idOf(group);
  // A number alone is both: docker's rule, where no passwd file is asked.
  if (uid !== undefined && group === "") return { uid, gid: uid };
  const passwd = uid === undefined ? await findUser(readFile, user) : { uid, gid: 0 };
  if (group === "") return passwd;
  return { uid: passwd.uid, gid: gid ?? (await findGroup(readFile, group)) };
}

/** The number that the text is; undefined for a name. */
function idOf(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id <= largestId ? id : undefined;
}

async function findUser(readFile: RootView["readFile"], name: string): Promise<OwnerId> {
  for (const fields of await linesOf(readFile, "/etc/passwd", 7)) {
    const [uid, gid] = [idOf(fields[2] ?? ""), idOf(fields[3] ?? "")];
    if (fields[0] === name && uid !== undefined && gid !== undefined) return { uid, gid };
  }
  throw notFound("user", name, "/etc/passwd");
}

async function findGroup(readFile: RootView["readFile"], name: string): Promise<number> {
  for (const fields of await linesOf(readFile, "/etc/group", 4)) {
    const gid = idOf(fields[2] ?? "");
    if (fields[0] === name && gid !== undefined) return gid;
  }
  throw notFound("group", name, "/etc/group");
}

async function linesOf(
  readFile: RootView["readFile"],
  path: string,
  fieldCount: number,
): Promise<readonly (readonly string[])[]> {
  const bytes = await readFile(path, fileLimit);
  const text = new TextDecoder().decode(bytes ?? new Uint8Array());
  return text
    .split(/\r?\n/)
    .map((line) => line.split(":"))
    .filter((fields) => fields.length === fieldCount);
}

function notFound(kind: "user" | "group", name: string, path: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_OWNER_NOT_FOUND",
    `the container has no ${kind} ${JSON.stringify(name)} in its ${path}`,
    { hint: `give its number, or add the ${kind} first` },
  );
}
