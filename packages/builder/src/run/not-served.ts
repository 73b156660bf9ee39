import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { WrittenNamespace } from "./facts.ts";

/** What `buildah.json` asks for and no command here can have, as sentences. */
export function notServed(
  namespaces: ReadonlyMap<unknown, WrittenNamespace>,
  labels: readonly string[],
): readonly string[] {
  const said: string[] = [];
  if (namespaces.get("pid")?.Host === true) {
    said.push(
      "the container asks for the machine's process namespace; its commands have one of their own, so that they can be ended",
    );
  }
  for (const [name, { Path: path }] of namespaces) {
    if (typeof path !== "string" || path === "") continue;
    if (joinable.has(name) || (name === "network" && isAbsolute(path))) continue;
    said.push(
      `the container asks for the ${name} namespace ${JSON.stringify(path)}; its commands have one of their own`,
    );
  }
  const wanted = labels.filter((label) => label !== "disable");
  if (wanted.length > 0 && existsSync("/sys/fs/selinux/enforce"))
    said.push(`the container asks for the SELinux label ${wanted.join(", ")}, and commands are given none`);
  return said;
}

/** Those that a runtime joins. A network whose path is none is one or more by name, which no program here makes. */
const joinable: ReadonlySet<unknown> = new Set(["cgroup", "ipc", "uts"]);
