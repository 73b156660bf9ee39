import type { Digest } from "@drayage/digest";
import { throwIfAborted } from "@drayage/errors";
import type { Descriptor } from "@drayage/manifest";
import type { BlobInfoCache, BlobLocation, ReuseBlobOptions, ReusedBlob } from "@drayage/transport";
import type { Connection } from "./connections.ts";
import { scheme } from "./reference.ts";

/** How many other repositories are asked for a blob. */
const mostCandidates = 5;

export interface ReuseInput {
  readonly connection: Connection;
  /** The repository that is pushed to. */
  readonly path: string;
  readonly cache: BlobInfoCache | undefined;
}

/** Finds blobs that a repository has, or that its registry has in another repository and can take over from there. */
export interface Reuse {
  find(descriptor: Descriptor, options: ReuseBlobOptions): Promise<ReusedBlob | undefined>;
  /** Notes that a blob is there now. */
  stored(digest: Digest, size: number): void;
  /** The repository may have it by now: nobody has said. */
  perhapsStored(digest: Digest): void;
}

/** A repository of the same registry that has the blob. */
interface Candidate {
  readonly location: BlobLocation;
  readonly size: number;
}

export function createReuse({ connection, path, cache }: ReuseInput): Reuse {
  const { host: scope, arrivals } = connection;
  const here: BlobLocation = { transport: scheme, scope, location: path };
  const repository = connection.repository(path, "push");
  /** What the repository has for certain, with the sizes. */
  const present = new Map<Digest, number>();
  /** Where else blobs that it lacked were seen when somebody looked. */
  const seen = new Map<Digest, Candidate>();

  function stored(digest: Digest, size: number): void {
    present.set(digest, size);
    seen.delete(digest);
    arrivals.note(path, digest);
    cache?.recordLocation(digest, here);
  }

  async function findHere(digest: Digest, signal: AbortSignal | undefined): Promise<number | undefined> {
    const known = present.get(digest);
    // What was seen elsewhere was not here a moment ago, and only another image can have brought it since.
    if (known !== undefined || (seen.has(digest) && !arrivals.has(path, digest))) return known;
    const found = await repository.statBlob(digest, { signal });
    if (found !== undefined) stored(digest, found.size);
    else cache?.forgetLocation(digest, here);
    return found?.size;
  }

  /** The other repositories that may have the blob, the one that was seen to have it first. */
  async function candidates(digest: Digest): Promise<readonly BlobLocation[]> {
    const locations = (await cache?.locations(digest, { transport: scheme, scope })) ?? [];
    const first = seen.get(digest)?.location;
    const others = locations.filter(({ location }) => location !== path && location !== first?.location);
    return [...(first === undefined ? [] : [first]), ...others].slice(0, mostCandidates);
  }

  /** What `ask` is told of the first candidate that is told anything; whatever goes wrong there is no reason to fail. */
  async function ofCandidates<T>(
    digest: Digest,
    signal: AbortSignal | undefined,
    ask: (location: BlobLocation) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    for (const location of await candidates(digest)) {
      try {
        const answer = await ask(location);
        if (answer !== undefined) return answer;
        cache?.forgetLocation(digest, location);
      } catch {
        // One may not be allowed to read there, and what is wrong with the registry itself shows when the blob is uploaded.
        throwIfAborted(signal);
      }
    }
    return undefined;
  }

  async function look(
    { digest, size }: Descriptor,
    signal: AbortSignal | undefined,
  ): Promise<Candidate | undefined> {
    return ofCandidates(digest, signal, async (location) => {
      const found = await connection.repository(location.location, "pull").statBlob(digest, { signal });
      return found === undefined || differs(size, found.size) ? undefined : { location, size: found.size };
    });
  }

  async function mount(
    { digest, size }: Descriptor,
    signal: AbortSignal | undefined,
  ): Promise<Candidate | undefined> {
    return ofCandidates(digest, signal, async (location) => {
      const candidate = seen.get(digest);
      const known = candidate?.location.location === location.location ? candidate.size : size;
      const found =
        known >= 0
          ? known
          : (await connection.repository(location.location, "pull").statBlob(digest, { signal }))?.size;
      if (found === undefined) return undefined;
      const mounted = await repository.mountBlob(digest, location.location, { signal });
      return mounted ? { location, size: found } : undefined;
    });
  }

  return {
    stored,
    perhapsStored: (digest) => cache?.recordLocation(digest, here),
    async find(descriptor, { signal, lookOnly }) {
      const { digest, size } = descriptor;
      const find = async (
        elsewhere: () => Promise<ReusedBlob | undefined>,
      ): Promise<ReusedBlob | undefined> => {
        const found = await findHere(digest, signal);
        if (found === undefined) return elsewhere();
        return differs(size, found) ? undefined : { size: found };
      };
      if (lookOnly === true) {
        return find(async () => {
          const candidate = await look(descriptor, signal);
          if (candidate === undefined) return undefined;
          seen.set(digest, candidate);
          return reused(candidate);
        });
      }
      const take = async (): Promise<ReusedBlob | undefined> => {
        const mounted = await mount(descriptor, signal);
        seen.delete(digest);
        if (mounted === undefined) return undefined;
        stored(digest, mounted.size);
        return reused(mounted);
      };
      return arrivals.alone({ path, digest }, () => find(take));
    },
  };
}

function reused({ location, size }: Candidate): ReusedBlob {
  return { size, from: `${location.location} of this registry` };
}

/** Whether a size that a descriptor gives is not the one that was found. */
function differs(said: number, found: number): boolean {
  return said >= 0 && said !== found;
}
