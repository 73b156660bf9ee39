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
  table(key: string): TomlTable | undefined;
  tables(key: string): readonly TomlTable[] | undefined;
  keys(): readonly string[];
  /** An error about the table, or about a key in it. */
  invalid(message: string, options?: { readonly key?: string; readonly hint?: string }): DrayageError;
  /** The line of a key in the table, or of the table: `"/etc/containers/registries.conf", line 3`. */
  place(key?: string): string;
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
    return tableOf(parse(text), { path, text }, []);
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
  readonly text: string;
}

function tableOf(value: object, source: SourceText, path: TomlPath): TomlTable {
  const entries = new Map<string, unknown>(Object.entries(value));
  const get = (key: string): unknown => {
    if (entries.has(key)) return entries.get(key);
    const other = [...entries.keys()].find((name) => name.toLowerCase() === key);
    return other === undefined ? undefined : entries.get(other);
  };
  const place = (key?: string): string => {
    const line = lineOf(source.text, key === undefined ? path : [...path, key]);
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
 * The line of a table's header or of a key, from 1; of what encloses it where it is not found. The parser does not tell,
 * so this reads headers and keys as people write them, each on a line of its own.
 */
function lineOf(text: string, path: TomlPath): number | undefined {
  const counts = new Map<string, number>();
  let current = "";
  let found: number | undefined;
  let foundDepth = 0;
  const consider = (at: string, line: number): void => {
    const depth = at.split("\n").length;
    if (depth <= foundDepth || !`${path.join("\n")}\n`.toLowerCase().startsWith(`${at}\n`)) return;
    found = line;
    foundDepth = depth;
  };
  for (const [index, line] of text.split("\n").entries()) {
    const [, brackets, header] = /^\s*(\[\[?)\s*([\w."'-]+)\s*\]/.exec(line) ?? [];
    if (header !== undefined) {
      current = "";
      const names = header.toLowerCase().replace(/["']/g, "").split(".");
      for (const [depth, name] of names.entries()) {
        const key = current === "" ? name : `${current}\n${name}`;
        const isLast = depth === names.length - 1;
        if (isLast && brackets === "[[") counts.set(key, (counts.get(key) ?? -1) + 1);
        const count = counts.get(key);
        current = count === undefined ? key : `${key}\n${count}`;
      }
      consider(current, index + 1);
      continue;
    }
    const [, quoted, bare] = /^\s*(?:"([^"]*)"|'?([\w-]+)'?)\s*=/.exec(line) ?? [];
    const key = (quoted ?? bare)?.toLowerCase();
    if (key !== undefined) consider(current === "" ? key : `${current}\n${key}`, index + 1);
  }
  return found;
}
