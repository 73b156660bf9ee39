import { createHasher, type Digest, digestBytes, digestHex, type Hasher } from "@drayage/digest";
import { tarEnd } from "@drayage/tar";
import type { AddedFacts } from "../options.ts";
import type { Item } from "../sources/find-sources.ts";

/** The digests that buildah takes of what is added: one over a tar of each item. */
export interface ContentDigest {
  /** Of an item's tar; undefined where none is wanted. */
  hasher(item: number): Hasher | undefined;
  finish(): Pick<AddedFacts, "digest" | "kind">;
}

export function contentDigest(items: readonly Item[], isWanted: boolean): ContentDigest {
  const hashers = items.map(() => (isWanted ? createHasher() : undefined));
  return {
    hasher: (item) => hashers[item],
    finish() {
      const parts = hashers.map((hasher, index) => {
        hasher?.update(tarEnd());
        return { kind: kindOf(items[index]), digest: (hasher ?? createHasher()).digest() };
      });
      const [only, ...others] = parts;
      if (only !== undefined && others.length === 0) return only;
      return { kind: "multi", digest: isWanted ? digestOfAll(parts) : createHasher().digest() };
    },
  };
}

function kindOf(item: Item | undefined): AddedFacts["kind"] {
  if (item === undefined || item.kind === "download") return "";
  return item.kind === "tree" ? "dir" : "file";
}

function digestOfAll(
  parts: readonly { readonly kind: AddedFacts["kind"]; readonly digest: Digest }[],
): Digest {
  const texts = parts.map(({ kind, digest }) => `${kind === "" ? "" : `${kind}:`}${digestHex(digest)}`);
  return digestBytes(new TextEncoder().encode(texts.join(",")));
}
