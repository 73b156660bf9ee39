import { DrayageError } from "@drayage/errors";
import type { ImageName } from "./names.ts";
import { formatName, isTag } from "./names.ts";

/** Gives an image the name that it has below the destination. Throws `ERR_DRAYAGE_USAGE`, `ERR_DRAYAGE_REFERENCE_INVALID`. */
export type Naming = (name: ImageName) => ImageName;

/** `FROM=TO`: a name that begins with `from` begins with `to` instead. */
export interface RenameRule {
  /** Whole components; `*` stands for any one of them. */
  readonly from: readonly string[];
  readonly to: string;
}

export interface NamingOptions {
  /** Whether the whole name of the source is kept; else only its last component. As for skopeo. */
  readonly scoped?: boolean | undefined;
  /** The first that fits decides, and what it gives is kept whole. */
  readonly renames?: readonly RenameRule[] | undefined;
  /** Appended to tags. */
  readonly appendSuffix?: string | undefined;
}

/**
 * Reads `FROM=TO`. Slashes at the ends mean nothing: `registry.example.com/=mirror/` puts `registry.example.com/a/b` at
 * `mirror/a/b`, and `*=` leaves out every registry's name.
 *
 * @throws ERR_DRAYAGE_USAGE
 */
export function parseRename(text: string): RenameRule {
  const at = text.indexOf("=");
  const trimmed = (part: string): string => part.replace(/^\/+/, "").replace(/(?<!\/)\/+$/, "");
  const from = trimmed(text.slice(0, Math.max(at, 0)));
  if (at < 0 || from === "") {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(text)} is no rule to rename by`, {
      hint: "write FROM=TO, such as registry.example.com/team=mirror, or *= to leave out the registry's name",
    });
  }
  return { from: from.split("/"), to: trimmed(text.slice(at + 1)) };
}

export function createNaming({ scoped = false, renames = [], appendSuffix = "" }: NamingOptions): Naming {
  return (name) => {
    const repository = placed(name.repository, { scoped, renames });
    if (repository === "") {
      throw new DrayageError("ERR_DRAYAGE_USAGE", `${formatName(name)}: nothing of its name is left`, {
        hint: "the rule to rename by takes all of it away",
      });
    }
    return { ...name, repository, tag: suffixed(name, appendSuffix) };
  };
}

function placed(
  repository: string,
  { scoped, renames }: { readonly scoped: boolean; readonly renames: readonly RenameRule[] },
): string {
  const components = repository.split("/");
  for (const { from, to } of renames) {
    if (!from.every((part, at) => part === "*" || part === components[at])) continue;
    if (from.length > components.length) continue;
    return [...(to === "" ? [] : [to]), ...components.slice(from.length)].join("/");
  }
  return scoped ? repository : (components.at(-1) ?? "");
}

function suffixed(name: ImageName, suffix: string): string | undefined {
  if (suffix === "") return name.tag;
  const tag = `${name.tag ?? (name.digest === undefined ? "latest" : "")}${suffix}`;
  if (name.tag === undefined && name.digest !== undefined) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${formatName(name)} has no tag to append a suffix to`, {
      hint: "leave out the suffix (--append-suffix), or name the image by a tag",
    });
  }
  if (!isTag(tag)) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(tag)} is no tag`, {
      hint: "a suffix (--append-suffix) has letters, digits and _ . -, and a tag has at most 128 of them",
    });
  }
  return tag;
}
