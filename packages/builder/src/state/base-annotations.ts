import { isShortName } from "../containers/base-name.ts";
import type { BuilderState } from "./state.ts";

// OCI image-spec, annotations.md
const baseDigest = "org.opencontainers.image.base.digest";
const baseName = "org.opencontainers.image.base.name";

type Annotations = Readonly<Record<string, string>>;

/** What an image says of its base, with what the base says itself. A name that does not say its registry is none to others. */
export function baseAnnotations(
  { digest, name }: { readonly digest: string; readonly name: string },
  own: Annotations,
): Annotations {
  const given = { [baseDigest]: digest, ...(isShortName(name) ? {} : { [baseName]: name }) };
  // What is not empty counts more than the base's own annotations.
  const counting = Object.entries(given).filter(([key, value]) => value !== "" || !own[key]);
  return { ...own, ...Object.fromEntries(counting) };
}

/** A state that says nothing of a base where there is none: buildah has empty texts there. */
export function withoutEmptyBase(state: BuilderState): BuilderState {
  const told = Object.entries(state.annotations).filter(
    ([name, value]) => value !== "" || (name !== baseDigest && name !== baseName),
  );
  const annotations = Object.fromEntries(told);
  return { ...state, annotations, image: { ...state.image, annotations } };
}
