import type { Digest } from "@drayage/digest";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import type { HttpClient } from "@drayage/http";
import type { Descriptor } from "@drayage/manifest";
import { type Attempt, attemptsError } from "./attempts.ts";
import type { Place } from "./places.ts";

/** Bytes from `offset` on, as often as is asked. */
export type Read = (options: {
  readonly offset: number;
  readonly signal: AbortSignal | undefined;
  /** A chunk may be overwritten once the next one is asked for. */
  readonly borrow?: boolean | undefined;
}) => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>;

/** One of the places that a blob's bytes may come from. */
export interface BlobReader {
  readonly name: string;
  readonly read: Read;
}

/** Reads from the first that has the bytes, and goes on with the next where one breaks for good. */
export function readFromAny(readers: readonly BlobReader[]): Read {
  const [only, ...others] = readers;
  if (only !== undefined && others.length === 0) return only.read;
  return async function* ({ offset, signal, borrow }) {
    const attempts: Attempt[] = [];
    let position = offset;
    for (const { name, read } of readers) {
      try {
        for await (const chunk of await read({ offset: position, signal, borrow })) {
          position += chunk.length;
          yield chunk;
        }
        return;
      } catch (error) {
        throwIfAborted(signal);
        attempts.push({ place: name, error });
      }
    }
    throw attemptsError(attempts, "Other places");
  };
}

/** A blob as a repository has it. */
export function repositoryReader(place: Place, digest: Digest, size: number | undefined): BlobReader {
  return {
    name: place.name,
    read: async (options) => (await place.repository()).readBlob(digest, { ...options, size }),
  };
}

/** Fewer than for a registry: there is another place to ask. */
const retries = 2;

/**
 * A layer as its `urls` have it. Nobody's credentials are sent there, since whoever wrote the manifest chose the place. Other
 * schemes than HTTP's are passed over, as containers/image does.
 */
export function externalReaders(
  { urls = [], digest, size }: Descriptor,
  http: () => Promise<HttpClient>,
): readonly BlobReader[] {
  return urls.filter(isWebUrl).map((url) => ({
    name: shown(url),
    read: async ({ offset, signal, borrow }) => {
      const [client, { readResumable, redactedUrl }] = await Promise.all([http(), import("@drayage/http")]);
      return readResumable({
        offset,
        size: size < 0 ? undefined : size,
        signal,
        retries,
        async request(start, requestSignal) {
          const headers = start === 0 ? {} : { range: `bytes=${start}-` };
          const response = await client.request({
            method: "GET",
            url,
            headers,
            borrow,
            signal: requestSignal,
          });
          const { status } = response;
          if (status === 200 || status === 206 || status === 416) return response;
          await response.discard();
          throw new DrayageError(
            "ERR_DRAYAGE_BLOB_NOT_FOUND",
            `${redactedUrl(url)} answers ${status} to a request for ${digest}`,
          );
        },
      });
    },
  }));
}

/** A URL without what may be a secret in it. */
function shown(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

function isWebUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}
