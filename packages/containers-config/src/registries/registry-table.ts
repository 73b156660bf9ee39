import type { Mirror, PullFromMirror, RegistryEntry } from "./config.ts";
import type { TomlTable } from "./toml-file.ts";

const pullFromMirrorValues: ReadonlySet<string> = new Set<PullFromMirror>(["all", "digest-only", "tag-only"]);

/** What parsing a `[[registry]]` takes. */
export interface RegistryTableOptions {
  readonly path: string;
  readonly onWarning: (message: string) => void;
}

/** Reads a `[[registry]]` table. Throws `ERR_DRAYAGE_CONFIGURATION_INVALID`. */
export function parseRegistryTable(table: TomlTable, options: RegistryTableOptions): RegistryEntry {
  const location = readLocation(table, "location");
  const prefix = readLocation(table, "prefix") ?? location;
  if (prefix === undefined) {
    throw table.invalid("a [[registry]] has neither prefix nor location");
  }
  checkPrefix(prefix, table, options);
  if (location === undefined && !prefix.startsWith("*.")) {
    throw table.invalid(`the [[registry]] of the prefix ${JSON.stringify(prefix)} has no location`, {
      hint: "write only location where names stay as they are; only a prefix like *.example.com needs none",
    });
  }
  if ((table.text("pull-from-mirror") ?? "") !== "") {
    throw table.invalid("pull-from-mirror stands in a [[registry.mirror]], not in a [[registry]]", {
      key: "pull-from-mirror",
    });
  }
  const byDigestOnly = table.flag("mirror-by-digest-only") ?? false;
  return {
    prefix,
    ...(location === undefined ? {} : { location }),
    insecure: table.flag("insecure") ?? false,
    blocked: table.flag("blocked") ?? false,
    mirrors: (table.tables("mirror") ?? []).map((mirror) => parseMirror(mirror, byDigestOnly)),
    origin: options.path,
  };
}

function parseMirror(table: TomlTable, byDigestOnly: boolean): Mirror {
  const location = readLocation(table, "location");
  if (location === undefined) throw table.invalid("a [[registry.mirror]] has no location");
  const key = "pull-from-mirror";
  const when = table.text(key) ?? "";
  if (when !== "" && !isPullFromMirror(when)) {
    throw table.invalid(`${key}: ${JSON.stringify(when)} is not all, digest-only or tag-only`, { key });
  }
  if (when !== "" && byDigestOnly) {
    throw table.invalid(`${key} and the registry's mirror-by-digest-only exclude each other`, { key });
  }
  return {
    location,
    insecure: table.flag("insecure") ?? false,
    pullFromMirror: isPullFromMirror(when) ? when : byDigestOnly ? "digest-only" : "all",
  };
}

function isPullFromMirror(text: string): text is PullFromMirror {
  return pullFromMirrorValues.has(text);
}

/** A location without the slashes at its end; undefined where it is empty, which means the same as not there. */
function readLocation(table: TomlTable, key: string): string | undefined {
  const text = table.text(key);
  return text === undefined ? undefined : trimLocation(text, table, key);
}

/** The same of one that stands in a list. */
export function trimLocation(text: string, table: TomlTable, key: string): string | undefined {
  if (/^https?:\/\//.test(text)) {
    throw table.invalid(`${key}: ${JSON.stringify(text)} has a URL's scheme`, {
      key,
      hint: "leave out http:// or https://; insecure = true lets a registry speak plain HTTP",
    });
  }
  let end = text.length;
  while (text.charAt(end - 1) === "/") end -= 1;
  return end === 0 ? undefined : text.slice(0, end);
}

function checkPrefix(prefix: string, table: TomlTable, { onWarning }: RegistryTableOptions): void {
  if (prefix.startsWith("*.")) {
    if (!/[/@:]/.test(prefix)) return;
    throw table.invalid(`prefix: ${JSON.stringify(prefix)} has more than a domain behind its *.`, {
      key: "prefix",
      hint: "a prefix with a wildcard looks like *.example.com",
    });
  }
  const last = prefix.lastIndexOf("/");
  if (prefix.includes("@") || (last !== -1 && prefix.includes(":", last))) {
    onWarning(
      `${table.place(table.text("prefix") === undefined ? "location" : "prefix")}: ${JSON.stringify(prefix)} holds for no image: ` +
        "a prefix is held against names without tag and digest",
    );
  }
}
