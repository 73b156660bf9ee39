import { DrayageError } from "@drayage/errors";
import type { ImageReference, Transport } from "./contract.ts";
import { checkTransport } from "./define.ts";
import { type KnownTransport, knownTransports } from "./known.ts";
import { isLazyTransport, type LazyTransport, type TransportFacts } from "./lazy.ts";
import { isScheme } from "./scheme.ts";
import { nearest } from "./suggest.ts";

/** An image's place in full: which transport, and where within it. */
export interface Location {
  readonly transport: Transport;
  readonly reference: ImageReference;
  /** As it was given: `oci:/tmp/x:latest`. */
  readonly text: string;
}

/** A transport that a registry has, loaded or not. */
export interface RegisteredTransport extends TransportFacts {
  readonly aliases: readonly string[];
  load(): Promise<Transport>;
}

/** The transports that a program uses. An object, never a global. */
export interface Registry {
  /**
   * Cuts `scheme:rest` at the first colon and lets the transport parse the rest.
   *
   * @throws `ERR_DRAYAGE_REFERENCE_INVALID` where there is no scheme or the rest is no reference, and what {@link get}
   * throws
   */
  resolve(text: string): Promise<Location>;
  /**
   * The transport of a scheme or alias.
   *
   * @throws `ERR_DRAYAGE_TRANSPORT_UNKNOWN`, `ERR_DRAYAGE_TRANSPORT_MISSING`, `ERR_DRAYAGE_PLUGIN_INVALID`
   */
  get(scheme: string): Promise<Transport>;
  /** Whether a scheme or alias is registered. */
  has(scheme: string): boolean;
  /** All, in the order they were given. Nothing is loaded. */
  transports(): readonly RegisteredTransport[];
}

export interface RegistryOptions {
  /** Transports that could be installed, for hints; those of drayage where absent. */
  readonly missing?: readonly KnownTransport[] | undefined;
}

/**
 * A registry of the given transports, in their order.
 *
 * @throws `ERR_DRAYAGE_TRANSPORT_DUPLICATE` where two claim one scheme or alias, `ERR_DRAYAGE_PLUGIN_INVALID`
 */
export function createRegistry(
  transports: Iterable<Transport | LazyTransport>,
  options: RegistryOptions = {},
): Registry {
  const registered: RegisteredTransport[] = [];
  const byScheme = new Map<string, RegisteredTransport>();
  for (const transport of transports) {
    const entry = entryOf(transport);
    registered.push(entry);
    for (const name of [entry.scheme, ...entry.aliases]) {
      const other = byScheme.get(name);
      if (other !== undefined) throw duplicate(name, entry, other);
      byScheme.set(name, entry);
    }
  }
  const missing = (options.missing ?? knownTransports).flatMap((known) =>
    [known.scheme, ...(known.aliases ?? [])].map((name) => [name, known.package] as const),
  );
  const packages = new Map(missing.filter(([name]) => !byScheme.has(name)));

  async function get(scheme: string): Promise<Transport> {
    const entry = byScheme.get(scheme);
    if (entry !== undefined) return entry.load();
    const owner = packages.get(scheme);
    if (owner !== undefined) throw notInstalled(scheme, owner);
    throw unknown(scheme);
  }

  function unknown(scheme: string, text?: string): DrayageError {
    const close = nearest(scheme.toLowerCase(), [...byScheme.keys(), ...packages.keys()]);
    const schemes = [...byScheme.keys()].sort().join(", ");
    const here = schemes === "" ? "no transport is registered" : `the transports here are: ${schemes}`;
    const place = text === undefined ? "" : `${placeHint(text)}; `;
    return new DrayageError(
      "ERR_DRAYAGE_TRANSPORT_UNKNOWN",
      `no transport has the scheme ${JSON.stringify(scheme)}`,
      { hint: `${close === undefined ? place : `did you mean ${close}? `}${here}` },
    );
  }

  return {
    async resolve(text) {
      const colon = text.indexOf(":");
      const scheme = text.slice(0, Math.max(colon, 0));
      const known = byScheme.has(scheme) || packages.has(scheme);
      if (!known && (!isScheme(scheme.toLowerCase()) || isDrive(text))) throw withoutScheme(text);
      if (!known) throw unknown(scheme, text);
      const transport = await get(scheme);
      return { transport, reference: transport.parse(text.slice(colon + 1)), text };
    },
    get,
    has: (scheme) => byScheme.has(scheme),
    transports: () => registered,
  };
}

function entryOf(transport: Transport | LazyTransport): RegisteredTransport {
  if (isLazyTransport(transport)) {
    const { scheme, aliases = [], summary, syntax } = transport;
    return { scheme, aliases, summary, syntax, load: () => transport.load() };
  }
  checkTransport(transport, "what was given to createRegistry");
  const { scheme, aliases = [], summary, syntax } = transport;
  return { scheme, aliases, summary, syntax, load: async () => transport };
}

function duplicate(name: string, ...both: readonly RegisteredTransport[]): DrayageError {
  const claims = both.map(({ scheme, summary }) => `${scheme} (${summary})`).join(" and ");
  return new DrayageError("ERR_DRAYAGE_TRANSPORT_DUPLICATE", `two transports claim ${name}: ${claims}`, {
    hint: "register one of them only",
  });
}

function notInstalled(scheme: string, owner: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_TRANSPORT_MISSING", `the transport ${scheme} is not installed`, {
    hint: `npm install ${owner}`,
  });
}

function withoutScheme(text: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_REFERENCE_INVALID", `${JSON.stringify(text)} names no transport`, {
    hint: placeHint(text),
  });
}

function isDrive(text: string): boolean {
  return /^[A-Za-z]:[\\/]/.test(text);
}

/** How to write what somebody may have meant by a text that begins with no known scheme: what is here comes first. */
function placeHint(text: string): string {
  if (/\.(?:tar|tgz|tar\.[a-z0-9]+)(?::|$)/.test(text)) {
    return `an archive is written docker-archive:${text} or oci-archive:${text}`;
  }
  // dir: takes all for the path, so that a name would become part of it.
  const folder = `a folder is written oci-dir:${text}${text.includes(":", 2) ? "" : ` or dir:${text}`}`;
  if (isDrive(text) || /^[./~\\]/.test(text)) return folder;
  const archive = `an archive docker-archive:${text} or oci-archive:${text}`;
  // A name without a registry is one of docker.io there, and that of an image which was made here begins with localhost/.
  const own = /^(?:localhost|[^/]*[.:][^/]*)\//.test(text)
    ? ""
    : ` or, if made here, containers-storage:localhost/${text}`;
  const stored = `one of podman's store containers-storage:${text}${own}`;
  return `${folder}, ${archive}; an image in a registry is docker://${text}, ${stored}`;
}
