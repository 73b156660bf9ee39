import { readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { hasCode } from "../root/walk.ts";

/**
 * The runtime that `containers.conf` names (`runtime` of `[engine]`); the last file that does so counts. This one setting is looked for by its
 * line, so files that are damaged elsewhere do not matter.
 */
export function configuredRuntime(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return files(env)
    .map((file) => runtimeIn(textOf(file)))
    .findLast((name) => name !== undefined);
}

function files(env: NodeJS.ProcessEnv): readonly string[] {
  if (env.CONTAINERS_CONF) return [env.CONTAINERS_CONF];
  const own = join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), ".config"), "containers");
  const folders = ["/etc/containers", ...(process.geteuid?.() === 0 ? [] : [own])];
  return [
    "/usr/share/containers/containers.conf",
    ...folders.flatMap((folder) => {
      const parts = join(folder, "containers.conf.d");
      return [join(folder, "containers.conf"), ...namesIn(parts).map((name) => join(parts, name))];
    }),
  ];
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".conf"))
      .sort();
  } catch {
    // There is none, or not for us.
    return [];
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES"].some((code) => hasCode(error, code))) return "";
    throw error;
  }
}

/** What the text says, undefined where it says nothing. */
function runtimeIn(text: string): string | undefined {
  let section = "";
  let found: string | undefined;
  for (const line of text.split("\n")) {
    const [, header] = /^\s*\[([^[\]]*)\]/.exec(line) ?? [];
    if (header !== undefined) section = header.trim();
    const [, value] = /^\s*runtime\s*=\s*["']([^"']+)["']/.exec(line) ?? [];
    if (section === "engine" && value !== undefined) found = value;
  }
  return found;
}
