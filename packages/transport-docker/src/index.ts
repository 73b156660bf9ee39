/**
 * The `docker:` transport: images in registries.
 * @module
 */
import {
  defineTransport,
  type SourceOptions,
  type TransportDefinition,
  type TransportWith,
} from "@drayage/transport";
import { createConnections, type DockerOptions } from "./connections.ts";
import { type DockerImageReference, parseDockerImage, scheme } from "./reference.ts";
import { policyScopes } from "./scopes.ts";

export type { DockerOptions, WantedClient } from "./connections.ts";
export { type DockerImageReference, imageReference } from "./reference.ts";

/** A transport with all that this one can do. */
export type DockerTransport = TransportWith<
  "openSource" | "openDestination" | "deleteImage" | "listTags",
  DockerImageReference
> &
  Required<Pick<TransportWith<never, DockerImageReference>, "resolveImage" | "policyScopes">> & {
    /**
     * The paths of the repositories of a registry (`HOST[:PORT]`), page after page. Throws `ERR_DRAYAGE_REGISTRY_UNSUPPORTED` where it does
     * not tell them.
     */
    listRepositories(host: string, options?: SourceOptions): AsyncIterable<string>;
  };

/**
 * The transport of images in registries. Without options the machine's configuration is read, when it is needed: logins,
 * registries.conf, certificates, proxies. Connections and tokens are shared by all images that one transport opens, and given up
 * half a minute after the last.
 */
export function docker(options: DockerOptions = {}): DockerTransport {
  const connections = createConnections(options);
  const definition = {
    scheme,
    summary: "an image in a registry",
    syntax: "//NAME[:TAG][@DIGEST]",
    parse: parseDockerImage,
    policyScopes,
    // What speaks to registries is loaded when one is spoken to.
    openSource: async (reference, asked = {}) =>
      (await import("./source.ts")).openSource(reference, connections, asked),
    openDestination: async (reference, asked = {}) =>
      (await import("./destination.ts")).openDestination(reference, connections, asked),
    deleteImage: async (reference, asked = {}) =>
      (await import("./delete.ts")).deleteImage(reference, connections, asked),
    listTags: async (reference, asked = {}) =>
      (await import("./lookup.ts")).listTags(reference, connections, asked),
    resolveImage: async (reference, asked = {}) =>
      (await import("./lookup.ts")).resolveImage(reference, connections, asked),
  } satisfies TransportDefinition<DockerImageReference>;
  return {
    ...defineTransport<DockerImageReference>(definition),
    ...definition,
    async *listRepositories(host, asked = {}) {
      yield* (await import("./catalog.ts")).listRepositories(host, connections, asked);
    },
  };
}

const transport: DockerTransport = docker();
export default transport;
