import { closeSync, constants, existsSync, fstatSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ioError } from "@drayage/errors";
import { hasCode } from "../root/walk.ts";
import { type ConfiguredHook, parseHook } from "./parse-hook.ts";
import { type Refuse, refusing } from "./refuse.ts";

const fileLimit = 1024 * 1024;
const folderLimit = 1000;

export interface NamedHook extends ConfiguredHook {
  /** The file that says it. */
  readonly file: string;
}

/**
 * The hooks of the files `*.json` of folders, in the order of their names in small letters; of files with one name that of the last folder
 * counts. A folder that is not there has none, and a hook whose program is not there is left out: `onWarning` is told.
 *
 * @throws `ERR_DRAYAGE_CONFIGURATION_INVALID` and `ERR_DRAYAGE_IO`, which name the file
 */
export function readHooks(
  folders: readonly string[],
  onWarning: ((sentence: string) => void) | undefined,
): readonly NamedHook[] {
  const found = new Map<string, NamedHook>();
  for (const folder of folders) {
    for (const name of namesIn(folder)) {
      const file = join(folder, name);
      const text = readText(file, refusing(file));
      // Between two looks at the folder it may be gone, and a link may lead to nothing.
      if (text === undefined) continue;
      const hook = parseHook(text, refusing(file));
      const { path } = hook.hook;
      if (existsSync(path)) found.set(name, { ...hook, file });
      else
        onWarning?.(
          `the hook ${JSON.stringify(file)} is left out: there is no program ${JSON.stringify(path)}`,
        );
    }
  }
  return [...found]
    .map(([name, hook]) => ({ order: name.toLowerCase(), hook }))
    .sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0))
    .map(({ hook }) => hook);
}

function namesIn(folder: string): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder).sort();
  } catch (error) {
    if (hasCode(error, "ENOENT")) return [];
    throw ioError(error, "read the hooks of", { path: folder });
  }
  const hooks = names.filter((name) => name.endsWith(".json"));
  if (hooks.length > folderLimit)
    throw refusing(folder)(`it has ${hooks.length} files, where at most ${folderLimit} are accepted`);
  return hooks;
}

/** Undefined where there is nothing. */
function readText(file: string, refuse: Refuse): string | undefined {
  try {
    const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile()) throw refuse("it is no file");
      if (stats.size > fileLimit) throw refuse(`it is longer than ${fileLimit} bytes`);
      return readFileSync(fd, "utf8");
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw ioError(error, "read the hook", { path: file });
  }
}
