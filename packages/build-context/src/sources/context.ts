import { resolve } from "node:path";
import { readFileLimited } from "@drayage/blob";
import { DrayageError, isDrayageError } from "@drayage/errors";
import { type ByteString, machineOwnerNames, type OwnerNames, ownerNames, textOf } from "@drayage/pack";
import { parseIgnoreFile } from "../patterns/ignore-file.ts";
import { readFileIn } from "./read-file-in.ts";

/** Where sources are looked for. */
export interface Context {
  /** What they do not leave. `/` where there is no context. */
  readonly root: string;
  /** Whether it is the whole machine. */
  readonly isMachine: boolean;
}

/** @throws `ERR_DRAYAGE_IO` where there is no such folder */
export function contextOf(contextDir: string | undefined): Context {
  return contextDir === undefined
    ? { root: "/", isMachine: true }
    : { root: resolve(contextDir), isMachine: false };
}

/** As messages call it. */
export function describeContext({ root, isMachine }: Context): string {
  return isMachine ? "on this machine" : `in the context ${JSON.stringify(root)}`;
}

/** A path below the context, as messages call it: that of a machine is absolute. */
export function shownPath(path: ByteString, { isMachine }: Context): string {
  return JSON.stringify(`${isMachine ? "/" : ""}${textOf(path)}`);
}

/**
 * The names of owners that buildah finds: it looks into the passwd and group files of the context as if that were `/`, once it has remembered
 * who it is itself; and where the machine asks systemd for names, too, that knows root and nobody everywhere (nss-systemd(8)).
 */
export function contextOwnerNames({ root, isMachine }: Context): OwnerNames {
  if (isMachine) return machineOwnerNames();
  const read = (folder: string, path: string): string =>
    Buffer.from(readFileIn(folder, path, ownersLimit) ?? []).toString("utf8");
  const names = ownerNames(read(root, "etc/passwd"), read(root, "etc/group"));
  const own = machineOwnerNames();
  const self = process.getuid?.();
  const services = read("/", "etc/nsswitch.conf");
  const user = /^passwd:.*\bsystemd\b/m.test(services) ? systemdUsers : undefined;
  const group = /^group:.*\bsystemd\b/m.test(services) ? systemdGroups : undefined;
  return {
    user: (id) => (id === self ? own.user(id) : names.user(id) || (user?.get(id) ?? "")),
    group: (id) => names.group(id) || (group?.get(id) ?? ""),
  };
}

const systemdUsers: ReadonlyMap<number, string> = new Map([
  [0, "root"],
  [65534, "nobody"],
]);
const systemdGroups: ReadonlyMap<number, string> = new Map([
  [0, "root"],
  [65534, "nogroup"],
]);

const ownersLimit: number = 16 * 1024 * 1024;

export interface IgnoreFileOptions {
  /** As the caller gave it. */
  readonly ignoreFile: string | false | undefined;
  /** Bytes. */
  readonly limit: number;
}

/**
 * The patterns of the context's ignore file, or of the one that was given.
 *
 * @throws `ERR_DRAYAGE_IO` where the one that was given cannot be read, `ERR_DRAYAGE_LIMIT_EXCEEDED`
 */
export async function ignorePatterns(
  context: Context,
  { ignoreFile, limit }: IgnoreFileOptions,
): Promise<{ readonly patterns: readonly string[]; readonly path: string | undefined }> {
  if (ignoreFile === false) return { patterns: [], path: undefined };
  if (ignoreFile !== undefined) {
    const bytes = await readFileLimited(ignoreFile, limit);
    return { patterns: patternsOf(bytes, ignoreFile), path: ignoreFile };
  }
  if (context.isMachine) return { patterns: [], path: undefined };
  for (const name of [".containerignore", ".dockerignore"]) {
    const bytes = readFileIn(context.root, name, limit);
    if (bytes !== undefined) return { patterns: patternsOf(bytes, name), path: name };
  }
  return { patterns: [], path: undefined };
}

function patternsOf(bytes: Uint8Array, path: string): readonly string[] {
  try {
    return parseIgnoreFile(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
  } catch (error) {
    if (!isDrayageError(error)) throw error;
    const { code, message, hint } = error;
    throw new DrayageError(code, `${JSON.stringify(path)}: ${message}`, { hint });
  }
}
