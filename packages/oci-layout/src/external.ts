import { type Blob, streamBlob } from "@drayage/blob";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import type { HttpClient } from "@drayage/http";
import type { Descriptor } from "@drayage/manifest";
import type { ConnectionOptions } from "@drayage/transport";

/** Fetches blobs that are kept elsewhere. */
export interface ExternalBlobs {
  /** The blob as the first of its `urls` has it that can be read; undefined where it has none of HTTP's. */
  blob(descriptor: Descriptor): Blob | undefined;
  close(): void;
}

/** Tries of one URL: there may be another. */
const retries = 2;

/**
 * Foreign layers, by the URLs that the manifest names. Whoever wrote that chose the hosts, so that nobody's credentials are sent
 * there. Other schemes than HTTP's are passed over, as containers/image does.
 *
 * @param label how messages call the layout
 */
export function externalBlobs(label: string, { tlsVerify }: ConnectionOptions = {}): ExternalBlobs {
  let opening: Promise<HttpClient> | undefined;

  async function openClient(): Promise<HttpClient> {
    const { createHttpClient } = await import("@drayage/http");
    return createHttpClient({ tls: { verify: tlsVerify } });
  }

  function client(): Promise<HttpClient> {
    opening ??= openClient();
    return opening;
  }

  return {
    blob(descriptor) {
      const urls = (descriptor.urls ?? []).filter(isWebUrl);
      if (urls.length === 0) return undefined;
      const { digest, size } = descriptor;
      return streamBlob(
        ({ offset, signal }) => readAny(descriptor, urls, { client, label, offset, signal }),
        {
          digest,
          size: size < 0 ? undefined : size,
          what: `the blob ${digest} of ${label}`,
          resumable: true,
        },
      );
    },
    close() {
      // One that could not be made has nothing to close.
      void opening?.then(
        (made) => made.close(),
        () => undefined,
      );
    },
  };
}

interface ReadOptions {
  readonly client: () => Promise<HttpClient>;
  readonly label: string;
  readonly offset?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The bytes from the first URL that has them; where it breaks for good, the rest from the next. */
async function* readAny(
  { digest, size }: Descriptor,
  urls: readonly string[],
  { client, label, offset = 0, signal }: ReadOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const [http, { readResumable, redactedUrl }] = await Promise.all([client(), import("@drayage/http")]);
  const failures: unknown[] = [];
  let position = offset;
  for (const url of urls) {
    const request = async (start: number, asked: AbortSignal | undefined) => {
      const headers = start === 0 ? {} : { range: `bytes=${start}-` };
      const response = await http.request({ method: "GET", url, headers, signal: asked });
      if ([200, 206, 416].includes(response.status)) return response;
      await response.discard();
      throw new DrayageError(
        "ERR_DRAYAGE_BLOB_NOT_FOUND",
        `${redactedUrl(url)} answers with status ${response.status}`,
      );
    };
    try {
      const whole = size < 0 ? undefined : size;
      for await (const chunk of readResumable({ request, offset: position, size: whole, signal, retries })) {
        position += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      throwIfAborted(signal);
      failures.push(error);
    }
  }
  const why = failures.map((error) => (error instanceof Error ? error.message : String(error))).join("; ");
  throw new DrayageError(
    "ERR_DRAYAGE_BLOB_NOT_FOUND",
    `${label}: the blob ${digest} is not in the layout, and cannot be fetched: ${why}`,
    { hint: "its bytes are kept elsewhere: are the URLs right?", cause: new AggregateError(failures) },
  );
}

function isWebUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}
