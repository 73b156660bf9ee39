import { DrayageError } from "@drayage/errors";
import { parse, TomlError } from "smol-toml";

/** Where in a file something stands: `["registry", 0, "mirror", 1, "location"]`, counted from 0. */
export type TomlPath = readonly (string | number)[];

/**
 * A table of a TOML file. As for the Go tools, keys are found whatever their case, the exact one first; a value of
 * another type than is asked for is an error, which names the file and, as far as it can be told, the line.
 */
export interface TomlTable {
  text(key: string): string | undefined;
  flag(key: string): boolean | undefined;
  texts(key: string): readonly string[] | undefined;
  /** A list that may say in its last item, `{ append = true }`, that it adds to that of the files before. */
  appendable(key: string): AppendableTexts | undefined;
  /** Text, or a number or flag as text; of a number the octal digits where `octal` is set, as modes are written. */
  scalar(key: string, options?: { readonly octal?: boolean }): string | undefined;
  isTable(key: string): boolean;
  table(key: string): TomlTable | undefined;
  tables(key: string): readonly TomlTable[] | undefined;
  keys(): readonly string[];
  /** An error about the table, or about a key in it. */
  invalid(message: string, options?: { readonly key?: string; readonly hint?: string }): DrayageError;
  /** The line of a key in the table, or of the table: `"/etc/containers/registries.conf", line 3`. */
  place(key?: string): string;
}

/** A list of a file that others are merged with (containers-storage.conf(5) of containers/container-libs). */
export interface AppendableTexts {
  readonly items: readonly string[];
  readonly append: boolean;
}

/** Throws `ERR_DRAYAGE_CONFIGURATION_INVALID`. */
export function parseToml(bytes: Uint8Array, path: string): TomlTable {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw configurationError(JSON.stringify(path), "it is not UTF-8", { cause });
  }
  try {
    let lines: ReadonlyMap<string, number> | undefined;
    return tableOf(parse(text), { path, lines: () => (lines ??= linesOf(text)) }, []);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [reason = ""] = error.message.replace(/^Invalid TOML document: /, "").split("\n", 1);
    throw configurationError(`${JSON.stringify(path)}, line ${error.line}`, `not TOML: ${reason}`);
  }
}

function configurationError(
  place: string,
  message: string,
  options: { readonly hint?: string | undefined; readonly cause?: unknown } = {},
): DrayageError {
  return new DrayageError("ERR_DRAYAGE_CONFIGURATION_INVALID", `${place}: ${message}`, options);
}

interface SourceText {
  readonly path: string;
  /** Made when it is asked for, once. */
  readonly lines: () => ReadonlyMap<string, number>;
}

function tableOf(value: object, source: SourceText, path: TomlPath): TomlTable {
  const entries = new Map<string, unknown>(Object.entries(value));
  const get = (key: string): unknown => {
    if (entries.has(key)) return entries.get(key);
    const other = [...entries.keys()].find((name) => name.toLowerCase() === key);
    return other === undefined ? undefined : entries.get(other);
  };
  const place = (key?: string): string => {
    const line = lineOf(key === undefined ? path : [...path, key], source);
    return JSON.stringify(source.path) + (line === undefined ? "" : `, line ${line}`);
  };
  const table: TomlTable = {
    keys: () => [...entries.keys()],
    place,
    invalid: (message, { key, hint } = {}) => configurationError(place(key), message, { hint }),
    text: (key) => {
      const found = get(key);
      if (found === undefined || typeof found === "string") return found;
      throw wrongType(key, "text in quotes");
    },
    flag: (key) => {
      const found = get(key);
      if (found === undefined || typeof found === "boolean") return found;
      throw wrongType(key, "true or false");
    },
    texts: (key) => {
      const found = get(key);
      if (found === undefined) return undefined;
      if (!Array.isArray(found) || !found.every((item): item is string => typeof item === "string")) {
        throw wrongType(key, "a list of texts");
      }
      return found;
    },
    appendable: (key) => {
      const found = get(key);
      if (found === undefined) return undefined;
      const list: readonly unknown[] = Array.isArray(found) ? found : [undefined];
      const last = list.at(-1);
      const isMarked = isTable(last);
      const append = isMarked && "append" in last && last.append === true;
      const items = isMarked ? list.slice(0, -1) : list;
      if (!items.every((item) => typeof item === "string")) throw wrongType(key, "a list of texts");
      return { items, append };
    },
    scalar: (key, { octal = false } = {}) => {
      const found = get(key);
      if (found === undefined || typeof found === "string") return found;
      if (typeof found === "number" && Number.isSafeInteger(found)) return found.toString(octal ? 8 : 10);
      if (typeof found === "boolean") return String(found);
      throw wrongType(key, "text in quotes");
    },
    isTable: (key) => isTable(get(key)),
    table: (key) => {
      const found = get(key);
      if (found === undefined) return undefined;
      if (!isTable(found)) throw wrongType(key, "a table");
      return tableOf(found, source, [...path, key]);
    },
    tables: (key) => {
      const found = get(key);
      if (found === undefined) return undefined;
      if (!Array.isArray(found) || !found.every(isTable)) throw wrongType(key, `[[${key}]] tables`);
      return found.map((item, index) => tableOf(item, source, [...path, key, index]));
    },
  };
  const wrongType = (key: string, wanted: string): DrayageError =>
    table.invalid(`${key}: ${wanted} is expected`, { key });
  return table;
}

function isTable(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/**
 * The lines of tables and keys, from 1, by their paths. The parser does not tell, so this reads headers and keys as people
 * write them, each on a line of its own.
 */
function linesOf(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  const counts = new Map<string, number>();
  let current: TomlPath = [];
  const note = (path: TomlPath, index: number): void => {
    if (!lines.has(nameOf(path))) lines.set(nameOf(path), index + 1);
  };
  for (const [index, line] of text.split("\n").entries()) {
    const [, brackets, header] = /^\s*(\[\[?)\s*([\w."'-]+)\s*\]/.exec(line) ?? [];
    if (header !== undefined) {
      const names = header.replace(/["']/g, "").split(".");
      current = [];
      for (const [depth, name] of names.entries()) {
        current = [...current, name];
        const key = nameOf(current);
        if (depth === names.length - 1 && brackets === "[[") counts.set(key, (counts.get(key) ?? -1) + 1);
        const count = counts.get(key);
        if (count === undefined) continue;
        note(current, index);
        current = [...current, count];
      }
      note(current, index);
      continue;
    }
    const [, quoted, bare] = /^\s*(?:"([^"]*)"|'?([\w-]+)'?)\s*=/.exec(line) ?? [];
    const key = quoted ?? bare;
    if (key !== undefined) note([...current, key], index);
  }
  return lines;
}

function nameOf(path: TomlPath): string {
  return path.join("\n").toLowerCase();
}

/** The line of a table or a key; of what it stands in where its own is not known. */
function lineOf(path: TomlPath, { lines }: SourceText): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const line = lines().get(nameOf(path.slice(0, length)));
    if (line !== undefined) return line;
  }
  return undefined;
}
