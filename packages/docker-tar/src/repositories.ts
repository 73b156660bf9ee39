import { DrayageError } from "@drayage/errors";
import type { Archive } from "./archive.ts";
import { isObject, parseJsonText } from "./json-text.ts";
import { manifestFileLimit, repositoriesFile } from "./names.ts";

/** Name, then tag, to the id of a legacy layer. */
export type Repositories = Map<string, Map<string, string>>;

/** The archive's `repositories`; empty where there is no such file. */
export async function readRepositories(archive: Archive, signal?: AbortSignal): Promise<Repositories> {
  if (archive.find(repositoriesFile) === undefined) return new Map();
  const what = `${repositoriesFile} of ${archive.shown}`;
  const document = parseJsonText(await archive.read(repositoriesFile, { limit: manifestFileLimit, signal }), {
    what,
  });
  return toMap(document, what, (tags, name) =>
    toMap(tags, `${JSON.stringify(name)} in ${what}`, (id, tag) => {
      if (typeof id === "string") return id;
      throw malformed(what, `${JSON.stringify(`${name}:${tag}`)} is not the id of a layer`);
    }),
  );
}

function toMap<T>(value: unknown, what: string, read: (member: unknown, name: string) => T): Map<string, T> {
  if (!isObject(value)) throw malformed(what, "it is not an object");
  return new Map(Object.entries(value).map(([name, member]) => [name, read(member, name)]));
}

function malformed(what: string, reason: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_LAYOUT_INVALID", `${what} is malformed: ${reason}`);
}
