import { isDigest } from "@drayage/digest";
import { type DockerReference, formatReference, parseNormalizedNamed, tagNameOnly } from "@drayage/reference";
import type { ImageReference } from "@drayage/transport";
import { invalid } from "./invalid.ts";
import { formatStorePlace, parseStorePlace, type StorePlace } from "./store-place.ts";

export const scheme = "containers-storage";

/** `[DRIVER@GRAPHROOT+RUNROOT:OPTIONS]NAME[:TAG][@DIGEST][@ID]`; instead of the name also an ID or its beginning. */
export interface ContainersStorageReference extends ImageReference {
  /** The store that the text names; absent: the machine's or user's own. */
  readonly store?: StorePlace | undefined;
  /** Normalized, with a tag or digest. */
  readonly dockerReference?: DockerReference | undefined;
  /** The image's ID, or its beginning, as it stands behind an `@`. */
  readonly id?: string | undefined;
  /** What may be the beginning of an ID, where no image has it for its name: the text of a name that is of hex digits alone. */
  readonly prefix?: string | undefined;
}

/**
 * Parses what stands after `containers-storage:`, as containers/image does, but without asking the store whether something is the
 * beginning of an ID. Throws `ERR_DRAYAGE_REFERENCE_INVALID`.
 */
export function parse(text: string): ContainersStorageReference {
  if (hasControlCharacter(text)) throw invalid(text, "it has control characters");
  const { store, rest } = splitStore(text);
  const at = rest.lastIndexOf("@");
  const last = rest.slice(at + 1);
  const id = at < 0 || isDigest(last) ? undefined : last;
  if (id !== undefined && !idPattern.test(id)) {
    throw invalid(text, `${JSON.stringify(id)} is neither an image's ID nor a digest`, idHint);
  }
  const named = id === undefined ? rest : rest.slice(0, at);
  if (named === "" && id === undefined) throw invalid(text, "an image's name or ID is missing", nameHint);
  if (id === undefined && fullId.test(named)) return reference({ store, id: named });
  const dockerReference = named === "" ? undefined : tagNameOnly(parseNormalizedNamed(named));
  const prefix = id === undefined && idPattern.test(named) ? named : undefined;
  return reference({ store, dockerReference, id, prefix });
}

type Parts = Omit<ContainersStorageReference, "text">;

/** Keys that have no value are absent, so that deep equality holds. */
function reference({ store, dockerReference, id, prefix }: Parts): ContainersStorageReference {
  const name = prefix ?? (dockerReference === undefined ? "" : formatReference(dockerReference));
  return {
    text: `${store === undefined ? "" : `[${formatStorePlace(store)}]`}${name}${id === undefined ? "" : `@${id}`}`,
    ...(store === undefined ? {} : { store }),
    ...(dockerReference === undefined ? {} : { dockerReference }),
    ...(id === undefined ? {} : { id }),
    ...(prefix === undefined ? {} : { prefix }),
  };
}

/** At least three digits, since fewer are seldom meant to be an ID (containers/image). */
const idPattern = /^[0-9a-f]{3,64}$/;
const fullId = /^[0-9a-f]{64}$/;
const idHint = "an ID is of 64 hex digits, of which at least the first 3 are written";
const nameHint = "write NAME:TAG, or @ID";

/** Whether it is a whole ID, not a beginning of one. */
export function isFullId(text: string): boolean {
  return fullId.test(text);
}

function splitStore(text: string): { readonly store: StorePlace | undefined; readonly rest: string } {
  if (!text.startsWith("[")) return { store: undefined, rest: text };
  const end = text.indexOf("]");
  if (end < 0) throw invalid(text, "the ] after the store is missing");
  return { store: parseStorePlace(text.slice(1, end), text), rest: text.slice(end + 1) };
}

function hasControlCharacter(text: string): boolean {
  return [...text].some((character) => character < " " || character === "\u007f");
}
