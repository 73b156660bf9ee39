import { isDigest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import type { Credentials } from "@drayage/transport";
import { goPattern } from "./go-pattern.ts";
import { isTag } from "./names.ts";
import type { TagFilter } from "./tag-filter.ts";
import { versionConstraint } from "./version-constraint.ts";
import { type ListNode, openListDocument } from "./yaml-node.ts";

/** What is to be synced of one repository. */
export type Selection =
  | { readonly kind: "all" }
  /** Tags and digests, as they stand in the list. */
  | { readonly kind: "named"; readonly references: readonly string[] }
  | { readonly kind: "filtered"; readonly accepts: TagFilter };

export interface ListedRepository {
  /** The path within the registry. */
  readonly path: string;
  readonly selection: Selection;
}

/** What a list says of one registry. */
export interface ListedRegistry {
  readonly host: string;
  readonly repositories: readonly ListedRepository[];
  readonly credentials?: Credentials | undefined;
  readonly tlsVerify?: boolean | undefined;
  readonly certDir?: string | undefined;
}

export interface SourceList {
  readonly registries: readonly ListedRegistry[];
  /** What is in the list and means nothing: keys that are not known, registries without images. */
  readonly warnings: readonly string[];
}

/** How large a list may be, in characters, and how many references it may hold once its aliases are followed. */
const textLimit = 4 * 1024 * 1024;
const referenceLimit = 1_000_000;

/**
 * Reads skopeo's list of images (skopeo-sync(1), "YAML file content"). `where` is the file's name, for messages, which also
 * say the line.
 *
 * @throws ERR_DRAYAGE_CONFIGURATION_INVALID, ERR_DRAYAGE_LIMIT_EXCEEDED
 */
export function parseSourceList(text: string, where: string): SourceList {
  if (text.length > textLimit) {
    throw new DrayageError(
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
      `${where}: it has more than ${textLimit} characters`,
    );
  }
  const warnings: string[] = [];
  const budget = { left: referenceLimit };
  const root = openListDocument(text, where);
  const registries = root.entries().map(({ key, value }) => parseRegistry(key, value, { warnings, budget }));
  return { registries, warnings };
}

interface Reading {
  readonly warnings: string[];
  readonly budget: { left: number };
}

function parseRegistry(host: string, node: ListNode, reading: Reading): ListedRegistry {
  const repositories: ListedRepository[] = [];
  let credentials: Credentials | undefined;
  let tlsVerify: boolean | undefined;
  let certDir: string | undefined;
  const parsers: Readonly<Record<string, (value: ListNode) => void>> = {
    images: (value) => repositories.push(...parseImages(value, reading)),
    "images-by-tag-regex": (value) => repositories.push(...parseFiltered(value, goPattern, reading)),
    "images-by-semver": (value) => repositories.push(...parseFiltered(value, versionConstraint, reading)),
    credentials: (value) => {
      credentials = parseCredentials(value, reading);
    },
    "tls-verify": (value) => {
      tlsVerify = parseBoolean(value);
    },
    "cert-dir": (value) => {
      certDir = value.text();
    },
  };
  for (const { key, value, place } of node.entries()) {
    const parse = Object.hasOwn(parsers, key) ? parsers[key] : undefined;
    if (parse === undefined)
      reading.warnings.push(`${place}: ${JSON.stringify(key)} is not known, and left out`);
    else parse(value);
  }
  if (repositories.length === 0) {
    reading.warnings.push(`${node.place}: no images are named for ${JSON.stringify(host)}`);
  }
  return { host, repositories, credentials, tlsVerify, certDir };
}

function parseImages(node: ListNode, reading: Reading): readonly ListedRepository[] {
  return node.entries().map(({ key, value }) => {
    const references = value.items().map((item) => {
      const text = item.text();
      if (!isTag(text) && !isDigest(text)) {
        throw item.invalid(`${JSON.stringify(text)} is neither a tag nor a digest`);
      }
      return text;
    });
    spend(reading, references.length + 1, node);
    return {
      path: key,
      selection: references.length === 0 ? { kind: "all" as const } : { kind: "named" as const, references },
    };
  });
}

function parseFiltered(
  node: ListNode,
  parse: (text: string, where: string) => TagFilter,
  reading: Reading,
): readonly ListedRepository[] {
  return node.entries().map(({ key, value, place }) => {
    spend(reading, 1, node);
    return { path: key, selection: { kind: "filtered", accepts: parse(value.text(), place) } };
  });
}

/** The values are secrets: no message repeats them. */
function parseCredentials(node: ListNode, { warnings }: Reading): Credentials | undefined {
  const fields = new Map(node.entries().map(({ key, value }) => [key, value]));
  const take = (name: string): string => {
    const value = fields.get(name);
    fields.delete(name);
    return value?.text() ?? "";
  };
  const username = take("username");
  const password = take("password");
  const identityToken = take("identitytoken");
  if (fields.size > 0) {
    warnings.push(
      `${node.place}: credentials have username and password: ${fields.size} other keys are left out`,
    );
  }
  if (identityToken !== "") return { identityToken };
  return username === "" && password === "" ? undefined : { username, password };
}

/** As Go's yaml.v3 reads a bool. */
function parseBoolean(node: ListNode): boolean | undefined {
  const text = node.text();
  if (text === "") return undefined;
  if (/^(?:true|True|TRUE|y|Y|yes|Yes|YES|on|On|ON)$/.test(text)) return true;
  if (/^(?:false|False|FALSE|n|N|no|No|NO|off|Off|OFF)$/.test(text)) return false;
  throw node.invalid("neither true nor false");
}

function spend({ budget }: Reading, count: number, node: ListNode): void {
  budget.left -= count;
  if (budget.left >= 0) return;
  throw new DrayageError(
    "ERR_DRAYAGE_LIMIT_EXCEEDED",
    `${node.place}: the list has more than ${referenceLimit} images`,
  );
}
