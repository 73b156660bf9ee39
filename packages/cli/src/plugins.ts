import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { DrayageError } from "@drayage/errors";
import { type Transport, transportsOf } from "@drayage/transport";

/**
 * The transports of a plugin that the user named: a path (`./x.js`, `/a/b.mjs`), taken from `folder`, or a
 * package, looked for beside dray's own installation and then from `folder`.
 */
export async function loadPlugin(name: string, folder: string): Promise<readonly Transport[]> {
  const isPath = name.startsWith("./") || name.startsWith("../") || isAbsolute(name);
  const namespace = isPath
    ? await importFile(name, resolve(folder, name))
    : ((await importBeside(name)) ?? (await importFile(name, packageEntry(name, folder))));
  return transportsOf(namespace, `plugin ${JSON.stringify(name)}`);
}

/**
 * The transport that a scheme's own package provides, where `@drayage/transport-<scheme>` or
 * `drayage-transport-<scheme>` is installed beside dray; nothing is looked for anywhere else.
 */
export async function transportFromPackage(scheme: string): Promise<Transport | undefined> {
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(scheme)) return undefined;
  for (const name of [`@drayage/transport-${scheme}`, `drayage-transport-${scheme}`]) {
    const namespace = await importBeside(name);
    const found =
      namespace && transportsOf(namespace, `package ${name}`).find((transport) => claims(transport, scheme));
    if (found) return found;
  }
  return undefined;
}

function claims(transport: Transport, scheme: string): boolean {
  return transport.scheme === scheme || (transport.aliases ?? []).includes(scheme);
}

/** Imports a package as this file sees it: from the folders of modules above dray's own place. */
async function importBeside(name: string): Promise<object | undefined> {
  try {
    return (await import(name)) as object;
  } catch (error) {
    if (isAbsent(error, name)) return undefined;
    throw cannotLoad(name, error);
  }
}

async function importFile(name: string, path: string): Promise<object> {
  try {
    return (await import(pathToFileURL(path).href)) as object;
  } catch (error) {
    throw cannotLoad(name, error);
  }
}

function packageEntry(name: string, folder: string): string {
  try {
    return createRequire(resolve(folder, "package.json")).resolve(name);
  } catch (error) {
    const isFile = existsSync(resolve(folder, name));
    throw cannotLoad(name, error, isFile ? `a file is named by its path: ./${name}` : undefined);
  }
}

/** Whether the package itself is absent, and not something that it needs. */
function isAbsent(error: unknown, name: string): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return code === "ERR_MODULE_NOT_FOUND" && message !== undefined && message.includes(`'${name}'`);
}

function cannotLoad(
  name: string,
  cause: unknown,
  hint: string = "install it beside dray, or give the path of its file",
): DrayageError {
  const reason = cause instanceof Error ? cause.message.split("\n", 1)[0] : String(cause);
  return new DrayageError(
    "ERR_DRAYAGE_PLUGIN_INVALID",
    `cannot load plugin ${JSON.stringify(name)}: ${reason}`,
    {
      hint,
      cause,
    },
  );
}
