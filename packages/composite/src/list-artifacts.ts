import { type Digest, isDigest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { encodeGoJson } from "@drayage/manifest";
import type { Artifact } from "./artifact.ts";

/** The artifacts of a list in the store, as containers/common keeps them (`artifacts.json`). The keys are digests. */
export interface ListArtifacts {
  /** The text of each artifact's manifest. */
  readonly manifests: ReadonlyMap<Digest, string>;
  /** The files that each was made of. */
  readonly files: ReadonlyMap<Digest, readonly string[]>;
  readonly configs: ReadonlyMap<Digest, Digest>;
  readonly layers: ReadonlyMap<Digest, readonly Digest[]>;
  /** Blobs that are files, by their digests. */
  readonly detached: ReadonlyMap<Digest, string>;
  /** Blobs that are no files. */
  readonly blobs: ReadonlyMap<Digest, Uint8Array>;
}

export const noArtifacts: ListArtifacts = Object.freeze({
  manifests: new Map(),
  files: new Map(),
  configs: new Map(),
  layers: new Map(),
  detached: new Map(),
  blobs: new Map(),
});

export function withArtifact(before: ListArtifacts, artifact: Artifact): ListArtifacts {
  const { entry, manifest, config, layers, files, blobs } = artifact;
  const { digest } = entry;
  return {
    manifests: new Map([...before.manifests, [digest, new TextDecoder().decode(manifest)]]),
    files: new Map([...before.files, [digest, [...new Set(files.values())]]]),
    configs: new Map([...before.configs, [digest, config]]),
    layers: new Map([...before.layers, [digest, layers]]),
    detached: new Map([...before.detached, ...files]),
    blobs: new Map([...before.blobs, ...blobs]),
  };
}

/** The artifacts of two lists. */
export function bothArtifacts(one: ListArtifacts, other: ListArtifacts): ListArtifacts {
  return {
    manifests: new Map([...one.manifests, ...other.manifests]),
    files: new Map([...one.files, ...other.files]),
    configs: new Map([...one.configs, ...other.configs]),
    layers: new Map([...one.layers, ...other.layers]),
    detached: new Map([...one.detached, ...other.detached]),
    blobs: new Map([...one.blobs, ...other.blobs]),
  };
}

/** Forgets an artifact, and its blobs that no other has. */
export function withoutArtifact(before: ListArtifacts, digest: Digest): ListArtifacts {
  if (!before.manifests.has(digest)) return before;
  const without = <Value>(map: ReadonlyMap<Digest, Value>): ReadonlyMap<Digest, Value> =>
    new Map([...map].filter(([key]) => key !== digest));
  const configs = without(before.configs);
  const layers = without(before.layers);
  const used = new Set<Digest>([...configs.values(), ...[...layers.values()].flat()]);
  const stillUsed = <Value>(map: ReadonlyMap<Digest, Value>): ReadonlyMap<Digest, Value> =>
    new Map([...map].filter(([key]) => used.has(key)));
  return {
    manifests: without(before.manifests),
    files: without(before.files),
    configs,
    layers,
    detached: stillUsed(before.detached),
    blobs: stillUsed(before.blobs),
  };
}

export function encodeArtifacts({
  manifests,
  files,
  configs,
  layers,
  detached,
  blobs,
}: ListArtifacts): Uint8Array {
  const unlessEmpty = <Value>(map: ReadonlyMap<Digest, Value>): ReadonlyMap<Digest, Value> | undefined =>
    map.size === 0 ? undefined : map;
  return encodeGoJson({
    manifests: unlessEmpty(manifests),
    files: unlessEmpty(files),
    config: unlessEmpty(configs),
    layers: unlessEmpty(layers),
    detached: unlessEmpty(detached),
    blobs: unlessEmpty(blobs),
  });
}

/** @param what whose they are, for messages; throws `ERR_DRAYAGE_STORE_INVALID` */
export function parseArtifacts(bytes: Uint8Array, what: string): ListArtifacts {
  const document = plainObject(parsed(bytes, what), what);
  const read = <Value>(
    key: string,
    value: (given: unknown) => Value | undefined,
  ): ReadonlyMap<Digest, Value> => {
    const object =
      document[key] === undefined || document[key] === null ? {} : plainObject(document[key], what);
    return new Map(
      Object.entries(object).map(([digest, given]) => {
        const read = value(given);
        if (!isDigest(digest) || read === undefined)
          throw damaged(what, `${key} of ${JSON.stringify(digest)}`);
        return [digest, read];
      }),
    );
  };
  return {
    manifests: read("manifests", text),
    files: read("files", (given) => list(given, text)),
    configs: read("config", digestOf),
    layers: read("layers", (given) => list(given, digestOf)),
    detached: read("detached", text),
    blobs: read("blobs", (given) => (given === null ? new Uint8Array() : base64(given))),
  };
}

function parsed(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw damaged(what, cause instanceof Error ? cause.message : String(cause));
  }
}

function plainObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw damaged(what, "no object");
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function digestOf(value: unknown): Digest | undefined {
  return isDigest(value) ? value : undefined;
}

function list<Value>(
  value: unknown,
  read: (given: unknown) => Value | undefined,
): readonly Value[] | undefined {
  if (value === null) return [];
  if (!Array.isArray(value)) return undefined;
  const items = value.map(read);
  const sound = items.filter((item) => item !== undefined);
  return sound.length === items.length ? sound : undefined;
}

function base64(value: unknown): Uint8Array | undefined {
  return typeof value === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(value)
    ? new Uint8Array(Buffer.from(value, "base64"))
    : undefined;
}

function damaged(what: string, detail: string): DrayageError {
  return new DrayageError("ERR_DRAYAGE_STORE_INVALID", `${what}: artifacts.json is damaged: ${detail}`);
}
