import { readFileSync } from "node:fs";

export interface OwnerNames {
  user(id: number): string;
  group(id: number): string;
}

/** The names of this machine's users and groups; empty for those that it does not know. */
export function machineOwnerNames(): OwnerNames {
  const users = namesIn("/etc/passwd");
  const groups = namesIn("/etc/group");
  return { user: (id) => users.get(id) ?? "", group: (id) => groups.get(id) ?? "" };
}

/** passwd(5) and group(5): the name is a line's first field, the number its third; the first line of a number counts. */
function namesIn(path: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    // A machine without users' names: Go's lookup fails too, and then there is none.
    return names;
  }
  for (const line of text.split("\n")) {
    const [name = "", , id = ""] = line.split(":");
    if (name !== "" && /^\d+$/.test(id) && !names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}
