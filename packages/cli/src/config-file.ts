import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { DrayageError, errnoOf, ioError } from "@drayage/errors";

/** What the configuration file may say. */
export interface DrayConfiguration {
  /** Packages or files that provide transports. Paths are relative to the file that names them. */
  readonly plugins: readonly string[];
  /** The folder of the file, which names in it are resolved from. */
  readonly folder: string;
}

/** Where the configuration is read from: `$DRAYAGE_CONFIG`, or `drayage/config.json` in the user's place for such files. */
function configurationPath(env: Readonly<Partial<Record<string, string>>>): string {
  if (env.DRAYAGE_CONFIG !== undefined && env.DRAYAGE_CONFIG !== "") return env.DRAYAGE_CONFIG;
  const base = env.XDG_CONFIG_HOME;
  return join(
    base !== undefined && base !== "" ? base : join(homedir(), ".config"),
    "drayage",
    "config.json",
  );
}

/** Reads the configuration; one that is not there, or is another user's, says nothing. Throws `ERR_DRAYAGE_USAGE` where it is malformed. */
export async function readConfiguration(
  env: Readonly<Partial<Record<string, string>>>,
): Promise<DrayConfiguration> {
  const path = configurationPath(env);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    // Another user's home, as under setpriv or sudo, is no reason to fail; a file that was named is.
    const absent = env.DRAYAGE_CONFIG ? ["ENOENT"] : ["ENOENT", "EACCES", "ENOTDIR"];
    if (absent.includes(errnoOf(error) ?? "")) return { plugins: [], folder: dirname(path) };
    throw ioError(error, "read the configuration", { path });
  }
  return { plugins: pluginsIn(text, path), folder: dirname(path) };
}

function pluginsIn(text: string, path: string): readonly string[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw malformed(path, "it is not JSON", cause);
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw malformed(path, "an object is expected");
  }
  for (const key of Object.keys(document)) {
    if (key !== "plugins" && key !== "$schema") throw malformed(path, `unknown key ${JSON.stringify(key)}`);
  }
  const { plugins = [] } = document as { plugins?: unknown };
  if (!Array.isArray(plugins) || !plugins.every((item): item is string => typeof item === "string")) {
    throw malformed(path, "plugins: a list of package names or paths is expected");
  }
  return plugins;
}

function malformed(path: string, what: string, cause?: unknown): DrayageError {
  return new DrayageError("ERR_DRAYAGE_USAGE", `configuration ${JSON.stringify(path)}: ${what}`, {
    hint: 'write {"plugins": ["name-of-a-package"]}',
    cause,
  });
}
