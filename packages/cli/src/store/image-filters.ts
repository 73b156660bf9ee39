import { DrayageError } from "@drayage/errors";
import type { ImageRecord, Store, StoreView } from "@drayage/storage";
import { durationParser } from "../flags/parsers.ts";
import { type FindLocalOptions, findLocalImage } from "./find-local-image.ts";
import { labelsOf } from "./image-rows.ts";

/** Whether an image is wanted. */
export type ImageFilter = (image: ImageRecord) => Promise<boolean> | boolean;

export interface FilterOptions extends FindLocalOptions {
  readonly store: Store;
  readonly view: StoreView;
}

/**
 * podman's filters, `name=value` each. Of one name any may hold, but for labels; of several names all have to.
 *
 * @throws `ERR_DRAYAGE_USAGE`
 */
export async function imageFilters(texts: readonly string[], options: FilterOptions): Promise<ImageFilter> {
  const groups = new Map<string, ImageFilter[]>();
  for (const text of texts) {
    const [name, value] = splitFilter(text);
    const make = Object.hasOwn(filters, name) ? filters[name] : undefined;
    if (make === undefined) {
      throw new DrayageError("ERR_DRAYAGE_USAGE", `--filter: there is no filter ${JSON.stringify(name)}`, {
        hint: `there are ${Object.keys(filters).sort().join(", ")}`,
      });
    }
    const every = name === "label" || name === "label!";
    const key = every ? text : name;
    groups.set(key, [...(groups.get(key) ?? []), await make(value, options)]);
  }
  return async (image) => {
    for (const alternatives of groups.values()) {
      let holds = false;
      for (const filter of alternatives) holds ||= await filter(image);
      if (!holds) return false;
    }
    return true;
  };
}

function splitFilter(text: string): readonly [name: string, value: string] {
  const negated = /^(\w+)!=(.*)$/s.exec(text);
  if (negated !== null) return [`${negated[1]}!`, negated[2] ?? ""];
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new DrayageError("ERR_DRAYAGE_USAGE", `--filter: ${JSON.stringify(text)} is no filter`, {
    hint: "write NAME=VALUE, such as dangling=true",
  });
}

type MakeFilter = (value: string, options: FilterOptions) => Promise<ImageFilter> | ImageFilter;

const filters: Readonly<Record<string, MakeFilter>> = {
  after: (value, options) => sinceImage(value, options),
  before: async (value, options) => {
    const { image } = await findLocalImage(options.view, value, options);
    return ({ created }) => Date.parse(created) < Date.parse(image.created);
  },
  containers: (value, { view }) => {
    const wanted = flag("containers", value);
    return ({ id }) => view.containersOf(id).length > 0 === wanted;
  },
  dangling: (value, { view }) => {
    const wanted = flag("dangling", value);
    const dangling = new Set(view.dangling().map(({ id }) => id));
    return ({ id }) => dangling.has(id) === wanted;
  },
  digest:
    (value) =>
    ({ digests }) =>
      digests.some((digest) => digest.startsWith(value)),
  id: (value) => {
    const wanted = value.replace(/^sha256:/, "");
    return ({ id }) => id.startsWith(wanted);
  },
  intermediate: (value, { view }) => {
    const wanted = flag("intermediate", value);
    return (image) => isIntermediate(image, view) === wanted;
  },
  label: (value, { store }) => labelFilter(value, store),
  "label!": (value, { store }) => {
    const holds = labelFilter(value, store);
    return async (image) => !(await holds(image));
  },
  readonly: (value) => {
    const wanted = flag("readonly", value);
    return ({ readOnly }) => readOnly === wanted;
  },
  reference: (value) => {
    const pattern = globPattern(value);
    return ({ names }) => names.some((name) => partsToMatch(name).some((part) => pattern.test(part)));
  },
  since: (value, options) => sinceImage(value, options),
  until: (value) => {
    const limit = untilTime(value);
    return ({ created }) => Date.parse(created) < limit;
  },
};

async function sinceImage(value: string, options: FilterOptions): Promise<ImageFilter> {
  const { image } = await findLocalImage(options.view, value, options);
  return ({ created }) => Date.parse(created) > Date.parse(image.created);
}

/** An image without a name that others are built on. */
export function isIntermediate({ id, names, layer }: ImageRecord, view: StoreView): boolean {
  if (names.length > 0 || layer === undefined) return false;
  return view.imagesOn(layer).some((other) => other.id !== id);
}

function labelFilter(value: string, store: Store): (image: ImageRecord) => Promise<boolean> {
  const [name = "", ...rest] = value.split("=");
  return async (image) => {
    const labels = await labelsOf(store, image);
    return Object.hasOwn(labels, name) && (rest.length === 0 || labels[name] === rest.join("="));
  };
}

function flag(name: string, value: string): boolean {
  if (["true", "1", "t"].includes(value.toLowerCase())) return true;
  if (["false", "0", "f"].includes(value.toLowerCase())) return false;
  throw new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `--filter: ${name} is true or false, not ${JSON.stringify(value)}`,
  );
}

/** A duration before now (`24h`), seconds since 1970, or a time. */
function untilTime(value: string): number {
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const time = Date.parse(value);
  if (/^\d{4}-/.test(value) && !Number.isNaN(time)) return time;
  try {
    return Date.now() - durationParser(value);
  } catch (cause) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", `--filter: until: ${JSON.stringify(value)} is no time`, {
      hint: "write a duration (24h), a time (2026-01-31T12:00:00Z), or seconds since 1970",
      cause,
    });
  }
}

/** The texts of a name that a pattern may mean: all of it, without its tag, and each without what stands before its parts. */
function partsToMatch(name: string): readonly string[] {
  const untagged = name.replace(/(?::[^:/@]+)?(?:@.*)?$/, "");
  return [name, untagged].flatMap((text) => {
    const pieces = text.split("/");
    return pieces.map((_, index) => pieces.slice(index).join("/"));
  });
}

/** A pattern with `*` and `?`, as the shell's, which cross no `/`. */
function globPattern(text: string): RegExp {
  const source = text
    .split("")
    .map((character) =>
      character === "*"
        ? "[^/]*"
        : character === "?"
          ? "[^/]"
          : character.replace(/[\\^$.|+()[\]{}]/g, "\\$&"),
    )
    .join("");
  return new RegExp(`^${source}$`);
}
