import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { DrayageError } from "@drayage/errors";

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * What is wrong with an owner that this process's user namespace does not have: the kernel says EINVAL of it. Undefined where it has the
 * user and the group, and where this is not Linux.
 */
export function missingOwner({ uid, gid }: Owner): DrayageError | undefined {
  const lacks = { user: !isMapped("uid", uid), group: !isMapped("gid", gid) };
  if (!lacks.user && !lacks.group) return undefined;
  const which = lacks.user ? `user ${uid}` : `group ${gid}`;
  const has = hasRootOnly(lacks.user ? "uid" : "gid") ? "has only root (id 0)" : "has too few ids";
  return new DrayageError(
    "ERR_DRAYAGE_OWNER_NOT_FOUND",
    `the user namespace ${has}, so there is no ${which} in it`,
    { hint: `give ${ownerOfNamespace()} a line in /etc/subuid and /etc/subgid` },
  );
}

interface Range {
  readonly first: number;
  readonly count: number;
}

function rangesOf(kind: "uid" | "gid"): readonly Range[] | undefined {
  try {
    const lines = readFileSync(`/proc/self/${kind}_map`, "utf8").trim().split("\n");
    return lines.map((line) => {
      const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
      return { first, count };
    });
  } catch {
    // A system, or a kernel, without user namespaces.
    return undefined;
  }
}

function isMapped(kind: "uid" | "gid", id: number): boolean {
  const ranges = rangesOf(kind);
  return ranges === undefined || ranges.some(({ first, count }) => id >= first && id < first + count);
}

function hasRootOnly(kind: "uid" | "gid"): boolean {
  const [range, ...others] = rangesOf(kind) ?? [];
  return others.length === 0 && range?.first === 0 && range.count === 1;
}

/** The name, or else the number, of who made the namespace: within it we are root. */
function ownerOfNamespace(): string {
  const outer = process.env._CONTAINERS_ROOTLESS_UID ?? "";
  if (outer === "") {
    try {
      const { username, uid } = userInfo();
      return uid === 0 ? "the user" : username;
    } catch {
      // The user has no name.
      return "the user";
    }
  }
  try {
    const lines = readFileSync("/etc/passwd", "utf8").split("\n");
    return lines.map((line) => line.split(":")).find((fields) => fields[2] === outer)?.[0] ?? `user ${outer}`;
  } catch {
    // Without it nobody has a name.
    return `user ${outer}`;
  }
}
