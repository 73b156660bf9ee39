import type { HttpClient } from "@drayage/http";
import { parseNormalizedNamed } from "@drayage/reference";
import { type Connection, type Connections, connectionOf, type Endpoint } from "../../src/connections.ts";
import type { FakeRegistry } from "./fake-registry.ts";

export interface FakeConnections extends Connections {
  /** How many leases are open. */
  readonly open: () => number;
}

/** Connections to registries in memory: the image is looked for in each, in their order, and pushed to the last. */
export function fakeConnections(registries: readonly FakeRegistry[], http?: HttpClient): FakeConnections {
  const made = new Map<string, Connection>();
  let open = 0;
  const lease = <T>(value: T): { value: T; [Symbol.dispose](): void } => {
    open++;
    return { value, [Symbol.dispose]: () => void open-- };
  };
  const endpointOf = (
    host: string,
    { tag, digest, path }: Endpoint["reference"],
    domain: string,
  ): Endpoint => ({
    reference: parseNormalizedNamed(
      `${host}/${path}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`,
    ),
    insecure: true,
    foreign: host !== domain,
  });
  return {
    open: () => open,
    async sources(reference) {
      return registries.map(({ client }) => endpointOf(client.host, reference, reference.domain));
    },
    async target(reference) {
      return endpointOf(registries.at(-1)?.client.host ?? "", reference, reference.domain);
    },
    async connect({ reference }) {
      const registry = registries.find(({ client }) => client.host === reference.domain);
      if (registry === undefined) throw new Error(`no registry ${reference.domain}`);
      const connection = made.get(reference.domain) ?? connectionOf(registry.client);
      made.set(reference.domain, connection);
      return lease(connection);
    },
    async external() {
      if (http === undefined) throw new Error("nothing is fetched from elsewhere here");
      return lease(http);
    },
  };
}
