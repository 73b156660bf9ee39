import { existsSync, readdirSync } from "node:fs";
import type { WrittenNamespace } from "./facts.ts";

/** What `buildah.json` asks for and no command here can have, as sentences. */
export function notServed(
  namespaces: ReadonlyMap<unknown, WrittenNamespace>,
  { labels, hookFolders }: { readonly labels: readonly string[]; readonly hookFolders: readonly string[] },
): readonly string[] {
  const said: string[] = [];
  if (namespaces.get("pid")?.Host === true) {
    said.push(
      "the container asks for the machine's process namespace; its commands have one of their own, so that they can be ended",
    );
  }
  for (const [name, { Path: path }] of namespaces) {
    if (typeof path !== "string" || path === "") continue;
    said.push(
      `the container asks for the ${name} namespace ${JSON.stringify(path)}; its commands have one of their own`,
    );
  }
  const wanted = labels.filter((label) => label !== "disable");
  if (wanted.length > 0 && existsSync("/sys/fs/selinux/enforce"))
    said.push(`the container asks for the SELinux label ${wanted.join(", ")}, and commands are given none`);
  for (const folder of hookFolders.length > 0 ? hookFolders : usualHooks())
    if (hasHooks(folder)) said.push(`the hooks of ${JSON.stringify(folder)} are not called`);
  return said;
}

/** Where buildah looks as root where nothing was asked for. */
function usualHooks(): readonly string[] {
  return process.geteuid?.() === 0
    ? ["/usr/share/containers/oci/hooks.d", "/etc/containers/oci/hooks.d"]
    : [];
}

function hasHooks(folder: string): boolean {
  try {
    return readdirSync(folder).some((name) => name.endsWith(".json"));
  } catch {
    // There is none, or not for us.
    return false;
  }
}
