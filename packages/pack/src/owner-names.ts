import { readFileSync } from "node:fs";

export interface OwnerNames {
  user(id: number): string;
  group(id: number): string;
}

/** The names of this machine's users and groups; empty for those that it does not know. */
export function machineOwnerNames(): OwnerNames {
  return ownerNames(textOf("/etc/passwd"), textOf("/etc/group"));
}

/** The names that texts of a passwd and a group file have; empty for others. */
export function ownerNames(passwd: string, group: string): OwnerNames {
  const users = namesIn(passwd);
  const groups = namesIn(group);
  return { user: (id) => users.get(id) ?? "", group: (id) => groups.get(id) ?? "" };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // A machine without users' names: Go's lookup fails too, and then there is none.
    return "";
  }
}

/** passwd(5) and group(5): the name is a line's first field, the number its third; the first line of a number counts. */
function namesIn(text: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split("\n")) {
    const [name = "", , id = ""] = line.split(":");
    if (name !== "" && /^\d+$/.test(id) && !names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}
