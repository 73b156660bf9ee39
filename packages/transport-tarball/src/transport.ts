import { defineTransport, type Transport } from "@drayage/transport";
import { parseTarballReference, type TarballReference } from "./reference.ts";
import { openTarballSource, type TarballOptions } from "./source.ts";

/** The transport `tarball`: makes an image of tar archives, compressed or not, one layer of each. */
export function tarball(options: TarballOptions = {}): Transport<TarballReference> {
  return defineTransport<TarballReference>({
    scheme: "tarball",
    summary: "an image made of tar archives, one layer of each",
    syntax: "FILE[:FILE…] (- is standard input)",
    parse: parseTarballReference,
    openSource: (reference, sourceOptions = {}) => openTarballSource(reference, sourceOptions, options),
    // As for the Go tools: containers-policy.json has no scopes for this transport but its default.
    policyScopes: () => [],
  });
}
