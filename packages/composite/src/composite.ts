import type { Digest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import type { PlatformWish } from "@drayage/manifest";
import { defineTransport, type Location, type SourceOptions } from "@drayage/transport";
import { openComposite } from "./open-composite.ts";

/** The scheme of composite locations. No text is parsed as one. */
export const compositeScheme = "composite";

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

/**
 * Several images, in places of any transports, as one: the manifest of the first, and each manifest, config, layer and signature from
 * the place that has it. It can be read only (containers/common, `supplemented`).
 */
export function composite(options: CompositeOptions): Location {
  const { location: top } = memberOf(options.top);
  const { dockerReference } = top.reference;
  const reference = { text: top.text, ...(dockerReference === undefined ? {} : { dockerReference }) };
  const { resolveImage, policyScopes } = top.transport;
  const transport = defineTransport({
    scheme: compositeScheme,
    summary: "images of many places as one",
    syntax: "made by composite()",
    parse(text) {
      throw new DrayageError(
        "ERR_DRAYAGE_REFERENCE_INVALID",
        `${compositeScheme}:${text}: a composite has no text to be named by`,
        { hint: "make one with composite() of @drayage/composite" },
      );
    },
    openSource: (_, given = {}) => openComposite(options, reference, given),
    ...(resolveImage === undefined
      ? {}
      : {
          resolveImage: (_: unknown, given: SourceOptions = {}) =>
            resolveImage.call(top.transport, top.reference, { ...given, ...memberOf(options.top).options }),
        }),
    ...(policyScopes === undefined
      ? {}
      : { policyScopes: () => policyScopes.call(top.transport, top.reference) }),
  });
  return { transport, reference, text: top.text };
}

export function memberOf(member: Location | CompositeMember): CompositeMember {
  return "location" in member ? member : { location: member };
}
