import { DrayageError } from "@drayage/errors";
import type { Transport } from "./contract.ts";
import { checkTransport } from "./define.ts";
import { isScheme } from "./scheme.ts";

const lazyBrand: unique symbol = Symbol.for("@drayage/lazy-transport");

/** What is known of a transport before it is loaded. */
export interface TransportFacts {
  readonly scheme: string;
  readonly aliases?: readonly string[] | undefined;
  readonly summary: string;
  readonly syntax: string;
}

/** A transport whose code is loaded when it is first used. */
export interface LazyTransport extends TransportFacts {
  readonly [lazyBrand]: true;
  /** Loads the transport, once; after a failure the next call tries again. */
  load(): Promise<Transport>;
}

export interface LazyTransportOptions extends TransportFacts {
  load(): Promise<Transport> | Transport;
}

/**
 * A transport that is known by its facts and loaded on first use. What is loaded must have the scheme that was
 * said, or using it fails with `ERR_DRAYAGE_PLUGIN_INVALID`.
 */
export function lazyTransport(options: LazyTransportOptions): LazyTransport {
  const { scheme, aliases = [], summary, syntax } = options;
  for (const name of [scheme, ...aliases]) {
    if (isScheme(name)) continue;
    throw new DrayageError(
      "ERR_DRAYAGE_PLUGIN_INVALID",
      `${JSON.stringify(name)} is no scheme of a transport`,
    );
  }
  let loading: Promise<Transport> | undefined;
  async function load(): Promise<Transport> {
    const transport: unknown = await options.load();
    checkTransport(transport, `what was loaded for the scheme ${scheme}`);
    if (transport.scheme === scheme) return transport;
    throw new DrayageError(
      "ERR_DRAYAGE_PLUGIN_INVALID",
      `what was loaded for the scheme ${scheme} is the transport ${transport.scheme}`,
    );
  }
  return {
    scheme,
    aliases,
    summary,
    syntax,
    [lazyBrand]: true,
    load() {
      loading ??= load().catch((error: unknown) => {
        loading = undefined;
        throw error;
      });
      return loading;
    },
  };
}

/** Whether a value came from {@link lazyTransport}, of whichever copy of this package. */
export function isLazyTransport(value: unknown): value is LazyTransport {
  return typeof value === "object" && value !== null && lazyBrand in value;
}
