import type { Digest } from "@drayage/digest";
import type { PlatformWish } from "@drayage/manifest";
import type { Location, SourceOptions } from "@drayage/transport";

/**
 * Which images of the lists have to be there when a composite is opened: the one that suits the machine (or
 * {@link CompositeOptions.platform}), all, or those of these digests, as far as a list names them. Others that a list names are looked for
 * when they are asked for.
 */
export type CompositeSelection = "system" | "all" | { readonly instances: readonly Digest[] };

/** A place that has some of the images. */
export interface CompositeMember {
  readonly location: Location;
  /** Digests of manifests that are known to be there. They are asked for by digest where the place has another image by now. */
  readonly instances?: readonly Digest[] | undefined;
  /** What counts more than the options that the composite is opened with, such as logins. */
  readonly options?: SourceOptions | undefined;
}

export interface CompositeOptions {
  /** Its manifest, usually a list, is the composite's. */
  readonly top: Location | CompositeMember;
  /** Where the images of the list are. They are asked before {@link top}, in their order. A place that is given twice is opened once. */
  readonly others?: readonly (Location | CompositeMember)[] | undefined;
  /** `all` where absent. */
  readonly select?: CompositeSelection | undefined;
  /** For `system`. */
  readonly platform?: PlatformWish | undefined;
}

export function memberOf(member: Location | CompositeMember): CompositeMember {
  return "location" in member ? member : { location: member };
}
