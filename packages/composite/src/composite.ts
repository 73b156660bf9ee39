import { DrayageError } from "@drayage/errors";
import { defineTransport, type Location, type SourceOptions } from "@drayage/transport";
import { type CompositeOptions, memberOf } from "./members.ts";
import { openComposite } from "./open-composite.ts";

/** The scheme of composite locations. No text is parsed as one. */
export const compositeScheme = "composite";

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
