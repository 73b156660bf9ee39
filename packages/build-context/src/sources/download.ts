import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { temporaryFolder } from "@drayage/blob";
import { createVerifier, type Digest } from "@drayage/digest";
import { DrayageError, throwIfAborted } from "@drayage/errors";
import {
  createHttpClient,
  type HttpClient,
  type HttpResponse,
  readResumable,
  redactedUrl,
  withRetries,
} from "@drayage/http";
import type { TarTime } from "@drayage/tar";

/** A file that was downloaded, until it is disposed of. */
export interface Download extends AsyncDisposable {
  /** As messages may show it. */
  readonly url: string;
  /** The last part of the URL's path; empty where it has none. */
  readonly name: string;
  readonly path: string;
  readonly size: number;
  readonly digest: Digest;
  /** `Last-Modified`; 1970 where the server does not say. */
  readonly mtime: TarTime;
}

export interface DownloadOptions {
  readonly checksum: Digest | undefined;
  readonly http: HttpClient | undefined;
  readonly retries: number | undefined;
  /** Bytes. */
  readonly limit: number;
  readonly signal: AbortSignal | undefined;
}

/** Whether a source is downloaded. */
export function isRemote(source: string): boolean {
  return source.startsWith("http://") || source.startsWith("https://");
}

/**
 * Downloads a file to a temporary folder, and verifies it while it arrives: nothing is made of one that is not what it is to be.
 *
 * @throws `ERR_DRAYAGE_USAGE` for text that is no URL, `ERR_DRAYAGE_CONNECTION`, `ERR_DRAYAGE_TLS`, `ERR_DRAYAGE_FILE_NOT_FOUND` and
 * `ERR_DRAYAGE_CONNECTION` for what the server refuses, `ERR_DRAYAGE_DIGEST_MISMATCH`, `ERR_DRAYAGE_LIMIT_EXCEEDED`, `ERR_DRAYAGE_IO`,
 * `ERR_DRAYAGE_ABORTED`
 */
export async function download(source: string, options: DownloadOptions): Promise<Download> {
  const { checksum, limit, signal, retries = 3 } = options;
  const url = parseUrl(source);
  const shown = redactedUrl(source);
  const { address, authorization } = withoutUser(url);
  throwIfAborted(signal, `download ${shown}`);
  const folder = await mkdtemp(join(await temporaryFolder(), "drayage-download-"));
  const client = options.http ?? createHttpClient();
  const asking = withRetries(client, { retries });
  let first: HttpResponse | undefined;
  const request = async (offset: number, aborted: AbortSignal | undefined): Promise<HttpResponse> => {
    const headers = {
      "accept-encoding": "identity",
      ...(authorization !== undefined && { authorization }),
      ...(offset > 0 && { range: `bytes=${offset}-` }),
    };
    const response = await asking.request({
      method: "GET",
      url: address,
      headers,
      borrow: false,
      signal: aborted,
    });
    if (![200, 206, 416].includes(response.status)) {
      await response.discard();
      throw refused(shown, response.status);
    }
    first ??= response;
    return response;
  };
  const verifier = createVerifier({ digest: checksum, what: shown });
  async function* verified(): AsyncGenerator<Uint8Array, void, undefined> {
    let size = 0;
    for await (const chunk of readResumable({ request, signal, retries, requestRetries: true })) {
      size += chunk.length;
      if (size > limit) throw tooLarge(shown, limit);
      verifier.update(chunk);
      yield chunk;
    }
  }
  try {
    const path = join(folder, "file");
    await pipeline(verified, createWriteStream(path, { flags: "wx", mode: 0o600 }));
    const { digest, size } = verifier.finish();
    return {
      url: shown,
      name: nameOf(url),
      path,
      size,
      digest,
      mtime: timeOf(first?.headers.get("last-modified")),
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  } finally {
    if (options.http === undefined) client.close();
  }
}

function parseUrl(source: string): URL {
  const url = URL.canParse(source) ? new URL(source) : undefined;
  if (url !== undefined && url.hostname !== "") return url;
  throw new DrayageError("ERR_DRAYAGE_USAGE", `${JSON.stringify(redactedUrl(source))} is no URL`);
}

/** Who asks goes into a header, as with Go. */
function withoutUser(url: URL): { readonly address: string; readonly authorization: string | undefined } {
  const { username, password } = url;
  if (username === "" && password === "") return { address: url.href, authorization: undefined };
  const user = `${decoded(username)}:${decoded(password)}`;
  const plain = new URL(url);
  plain.username = "";
  plain.password = "";
  return { address: plain.href, authorization: `Basic ${Buffer.from(user).toString("base64")}` };
}

/** A percent sign that stands for itself makes the text what is written. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function nameOf({ pathname }: URL): string {
  const path = decoded(pathname.replace(/\/+$/, ""));
  const name = path.slice(path.lastIndexOf("/") + 1);
  return name === "." || name === ".." || name.includes("\0") ? "" : name;
}

function timeOf(header: string | undefined): TarTime {
  const time = header === undefined ? Number.NaN : Date.parse(header);
  return { seconds: Number.isNaN(time) ? 0 : Math.floor(time / 1000), nanoseconds: 0 };
}

function refused(url: string, status: number): DrayageError {
  if (status === 404 || status === 410) {
    return new DrayageError("ERR_DRAYAGE_FILE_NOT_FOUND", `there is nothing at ${url} (status ${status})`);
  }
  return new DrayageError(
    "ERR_DRAYAGE_CONNECTION",
    `${url} cannot be downloaded: the server answers ${status}`,
    {
      hint: "whoever needs to log in downloads the file first, and adds it from there",
    },
  );
}

function tooLarge(url: string, limit: number): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_LIMIT_EXCEEDED",
    `${url} has more than the ${limit} bytes that are accepted`,
  );
}
