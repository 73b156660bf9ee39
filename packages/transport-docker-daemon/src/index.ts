/**
 * The `docker-daemon:` transport: images of a docker daemon.
 * @module
 */
import {
  defineTransport,
  nameScopes,
  type TransportDefinition,
  type TransportWith,
} from "@drayage/transport";
import type { DockerDaemonOptions } from "./daemon.ts";
import { type DaemonReference, parseDaemonReference, scheme } from "./reference.ts";

export type { DockerDaemonOptions } from "./daemon.ts";
export type { DaemonReference } from "./reference.ts";

/** A transport with all that this one can do. */
export type DockerDaemonTransport = TransportWith<
  "openSource" | "openDestination" | "deleteImage" | "policyScopes",
  DaemonReference
>;

/** The transport of images in a docker daemon. */
export function dockerDaemon(options: DockerDaemonOptions = {}): DockerDaemonTransport {
  const definition = {
    scheme,
    summary: "an image of a docker daemon",
    syntax: "NAME:TAG|sha256:IMAGEID",
    parse: parseDaemonReference,
    // Image IDs have no scopes but the transport's default, as in containers/image.
    policyScopes: ({ dockerReference }) => (dockerReference === undefined ? [] : nameScopes(dockerReference)),
    // What speaks to daemons is loaded when one is spoken to.
    openSource: async (reference, asked = {}) =>
      (await import("./source.ts")).openSource(reference, asked, options),
    openDestination: async (reference, asked = {}) =>
      (await import("./destination.ts")).openDestination(reference, asked, options),
    deleteImage: async (reference, asked = {}) =>
      (await import("./delete.ts")).deleteImage(reference, asked, options),
  } satisfies TransportDefinition<DaemonReference>;
  return { ...defineTransport<DaemonReference>(definition), ...definition };
}

const transport: DockerDaemonTransport = dockerDaemon();
export default transport;
