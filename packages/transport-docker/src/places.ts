import type { HttpClient } from "@drayage/http";
import { type DockerReference, formatReference } from "@drayage/reference";
import type { Repository } from "@drayage/registry-client";
import type { SourceOptions } from "@drayage/transport";
import type { Connection, Connections, Endpoint } from "./connections.ts";
import type { Lease } from "./pool.ts";

/** A repository that an image may be in, on a registry that is not asked before it is needed. */
export interface Place {
  /** The image's name there, for messages. */
  readonly name: string;
  readonly reference: DockerReference;
  connect(): Promise<Connection>;
  repository(access?: "pull" | "push"): Promise<Repository>;
}

/** The registries that one image uses, while it is open. */
export interface Places extends Disposable {
  place(endpoint: Endpoint): Place;
  /** What fetches layers that are kept outside of registries. */
  external(): Promise<HttpClient>;
}

export function createPlaces(connections: Connections, options: SourceOptions): Places {
  const leases: Disposable[] = [];
  let closed = false;

  async function held<T>(leasing: Promise<Lease<T>>): Promise<T> {
    const lease = await leasing;
    if (closed) lease[Symbol.dispose]();
    else leases.push(lease);
    return lease.value;
  }

  let external: Promise<HttpClient> | undefined;
  return {
    place(endpoint) {
      let connection: Promise<Connection> | undefined;
      const connect = (): Promise<Connection> => {
        connection ??= held(connections.connect(endpoint, options));
        return connection;
      };
      const { reference } = endpoint;
      return {
        name: formatReference(reference),
        reference,
        connect,
        repository: async (access = "pull") => (await connect()).repository(reference.path, access),
      };
    },
    external() {
      external ??= held(connections.external());
      return external;
    },
    [Symbol.dispose]() {
      closed = true;
      for (const lease of leases.splice(0)) lease[Symbol.dispose]();
    },
  };
}
