import { readFileLimited } from "@drayage/blob";
import { DrayageError, errnoOf } from "@drayage/errors";

/** More has no file with logins, even one of a cluster's thousand registries. */
const authFileLimit = 4 * 1024 * 1024;

/** What is read of an auth.json, or of docker's config.json. Keys of `auths` are in the file's order. */
export interface AuthFile {
  readonly path: string;
  readonly legacy: boolean;
  readonly auths: ReadonlyMap<string, unknown>;
  /** The credential helpers by registry. An empty name: none, whatever {@link credsStore} says. */
  readonly credHelpers: ReadonlyMap<string, string>;
  /** The helper that docker keeps all logins in. */
  readonly credsStore: string | undefined;
}

/** The bytes of a file with logins; undefined where there is none. @throws `ERR_DRAYAGE_IO`, `ERR_DRAYAGE_LIMIT_EXCEEDED` */
export async function readAuthBytes(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFileLimited(path, authFileLimit);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/**
 * A file with logins; undefined where there is none.
 *
 * @throws `ERR_DRAYAGE_CONFIGURATION_INVALID`, which names the file and nothing of what it holds; as {@link readAuthBytes}
 */
export async function readAuthFile(
  path: string,
  { legacy }: { readonly legacy: boolean },
): Promise<AuthFile | undefined> {
  const bytes = await readAuthBytes(path);
  if (bytes === undefined) return undefined;
  const document = parseJson(bytes, path);
  if (!isObject(document)) throw invalidFile(path, "it is not a JSON object");
  const { auths, credHelpers, credsStore } = legacy
    ? { auths: document, credHelpers: undefined, credsStore: undefined }
    : document;
  if (credsStore !== undefined && credsStore !== null && typeof credsStore !== "string") {
    throw invalidFile(path, "credsStore is not text");
  }
  return {
    path,
    legacy,
    auths: mapOf(auths, { path, name: "auths" }),
    credHelpers: helpersIn(credHelpers, path),
    credsStore: credsStore === null || credsStore === "" ? undefined : credsStore,
  };
}

/** JSON of a file with secrets. The parser's own error quotes what it stumbles over, so it is not passed on. */
export function parseJson(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw invalidFile(path, bytes.length === 0 ? "it is empty" : "it is not JSON");
  }
}

/** An error that names the file, and says what is wrong without quoting it. */
export function invalidFile(path: string, what: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_CONFIGURATION_INVALID", `${JSON.stringify(path)}: ${what}`, {
    hint: "mend the file with the logins, or delete it and log in again",
  });
}

/** Whether an error of reading says that there is no such file, or no such place, as where HOME is /dev/null. */
function isAbsent(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(causeOf(error) ?? "");
}

/** Whether an error of reading says that one may not. */
export function isForbidden(error: unknown): boolean {
  return ["EACCES", "EPERM"].includes(causeOf(error) ?? "");
}

function causeOf(error: unknown): string | undefined {
  return error instanceof Error ? errnoOf(error.cause) : undefined;
}

function helpersIn(value: unknown, path: string): ReadonlyMap<string, string> {
  const helpers = new Map<string, string>();
  for (const [registry, helper] of mapOf(value, { path, name: "credHelpers" })) {
    if (typeof helper !== "string") throw invalidFile(path, "credHelpers has something other than names");
    helpers.set(registry, helper);
  }
  return helpers;
}

function mapOf(
  value: unknown,
  { path, name }: { readonly path: string; readonly name: string },
): ReadonlyMap<string, unknown> {
  if (value === undefined || value === null) return new Map();
  if (!isObject(value)) throw invalidFile(path, `${name} is not an object`);
  return new Map(Object.entries(value));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
