import { join, resolve } from "node:path";
import type { Blob } from "@drayage/blob";
import { type Digest, digestAlgorithm, digestHex } from "@drayage/digest";
import { DrayageError, errnoOf, isDrayageError, throwIfAborted } from "@drayage/errors";
import { type Descriptor, guessMediaType, manifestDigest, manifestLimit } from "@drayage/manifest";
import type {
  ImageSource,
  OperationOptions,
  RawManifest,
  Signature,
  SourceOptions,
} from "@drayage/transport";
import { recover } from "./commit.ts";
import { kindOf, readIfPresent, sizeOfFile } from "./files.ts";
import { type Journal, readJournal } from "./journal.ts";
import { blobName, manifestFile, manifestName, signatureName, versionFile } from "./names.ts";
import { privateName } from "./private-name.ts";
import { type DirReference, scheme } from "./reference.ts";
import { decodeSignature } from "./signature.ts";
import { quoteVersion, readVersion } from "./version.ts";

/** More than any image has. */
const mostSignatures = 1000;

export async function openSource(reference: DirReference, options: SourceOptions = {}): Promise<ImageSource> {
  throwIfAborted(options.signal, `open ${scheme}:${reference.text}`);
  const folder = resolve(reference.path);
  const label = JSON.stringify(reference.path);
  await checkVersion(folder, label);
  const journal = await unfinished(folder, options.signal);
  const pathOf = (name: string): Promise<string | undefined> => pathThrough(folder, name, journal);
  const read = async (name: string): Promise<Uint8Array | undefined> => {
    const path = await pathOf(name);
    return path === undefined ? undefined : readIfPresent(path, manifestLimit);
  };
  if ((await read(manifestFile)) === undefined) {
    throw new DrayageError("ERR_DRAYAGE_IMAGE_NOT_FOUND", `${label}: no image: there is no ${manifestFile}`, {
      hint: "check the path",
    });
  }

  async function manifest(instance?: Digest, { signal }: OperationOptions = {}): Promise<RawManifest> {
    throwIfAborted(signal, `read a manifest of ${label}`);
    const bytes =
      (await read(manifestName(instance))) ?? (instance && (await read(oldManifestName(instance))));
    if (bytes === undefined) {
      const what = instance === undefined ? manifestFile : `the manifest ${instance}`;
      throw absent(label, what);
    }
    if (instance !== undefined) checkDigest(bytes, instance, label);
    return { bytes, mediaType: guessMediaType(bytes) };
  }

  async function blob(descriptor: Descriptor, { signal }: OperationOptions = {}): Promise<Blob> {
    throwIfAborted(signal, `read a blob of ${label}`);
    const { digest, size } = descriptor;
    for (const name of [blobName(digest), digestHex(digest)]) {
      const path = await pathOf(name);
      const length = path === undefined ? undefined : await sizeOfFile(path);
      if (path === undefined || length === undefined) continue;
      if (size !== -1 && size !== length) throw sizeMismatch(label, descriptor, length);
      return {
        digest,
        size: length,
        origin: { kind: "file", path, offset: 0, length, whole: true },
        steps: [],
      };
    }
    throw absent(label, `the blob ${digest}`, descriptor.urls);
  }

  async function signatures(
    instance?: Digest,
    { signal }: OperationOptions = {},
  ): Promise<readonly Signature[]> {
    const found: Signature[] = [];
    for (let number = 1; number <= mostSignatures; number++) {
      throwIfAborted(signal, `read the signatures of ${label}`);
      const name = signatureName(number, instance);
      const stored = await read(name);
      if (stored === undefined) return found;
      found.push(decodeSignature(stored, `${label}: ${name}`));
    }
    throw new DrayageError(
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
      `${label}: there are more than ${mostSignatures} signatures`,
    );
  }

  const close = (): Promise<void> => Promise.resolve();
  return { reference, manifest, blob, signatures, close, [Symbol.asyncDispose]: close };
}

/** What the image's manifest is, of which only its file can tell. */
export async function resolveImage(
  reference: DirReference,
  options: SourceOptions = {},
): Promise<Descriptor> {
  const source = await openSource(reference, options);
  const { bytes, mediaType } = await source.manifest(undefined, { signal: options.signal });
  return { mediaType, digest: manifestDigest(bytes), size: bytes.length };
}

/** Before version 1.2 digests of all algorithms had names of hex digits alone. */
function oldManifestName(instance: Digest): string {
  return `${digestHex(instance)}.manifest.json`;
}

/** Ends a commit that was cut short. Where that may not be done, gives what is left to do. */
async function unfinished(folder: string, signal: AbortSignal | undefined): Promise<Journal | undefined> {
  try {
    await recover(folder, signal);
    return undefined;
  } catch (error) {
    const errno = errnoOf(isDrayageError(error) ? error.cause : error);
    if (errno !== "EACCES" && errno !== "EPERM" && errno !== "EROFS") throw error;
    return readJournal(folder);
  }
}

/** Where the file is that is called `name` once all that a journal says is done. */
async function pathThrough(
  folder: string,
  name: string,
  journal: Journal | undefined,
): Promise<string | undefined> {
  if (journal?.places.includes(name) === true) {
    const path = join(folder, privateName(journal.token, name));
    if ((await sizeOfFile(path)) !== undefined) return path;
  }
  return journal?.removals.includes(name) === true ? undefined : join(folder, name);
}

async function checkVersion(folder: string, label: string): Promise<void> {
  if ((await kindOf(folder)) === "other") {
    throw new DrayageError("ERR_DRAYAGE_LAYOUT_INVALID", `${label} is not a folder`, {
      hint: "an archive is reached by oci-archive: or docker-archive:",
    });
  }
  const bytes = await readIfPresent(join(folder, versionFile), manifestLimit);
  if (bytes === undefined) return;
  const said = readVersion(bytes);
  if (said === "known") return;
  const why = said === "newer" ? "is newer than what this version knows" : "is no version";
  throw new DrayageError("ERR_DRAYAGE_LAYOUT_INVALID", `${label}: ${quoteVersion(bytes)} ${why}`, {
    hint:
      said === "newer" ? "install a newer version of drayage" : "the folder is damaged, or holds no image",
  });
}

function checkDigest(bytes: Uint8Array, instance: Digest, label: string): void {
  const actual = manifestDigest(bytes, digestAlgorithm(instance));
  if (actual === instance) return;
  throw new DrayageError(
    "ERR_DRAYAGE_DIGEST_MISMATCH",
    `${label}: the manifest ${instance} hashes to ${actual}`,
    {
      hint: "the folder is damaged: copy the image anew",
    },
  );
}

function sizeMismatch(label: string, { digest, size }: Descriptor, actual: number): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_SIZE_MISMATCH",
    `${label}: ${digest} has ${actual} bytes, not the ${size} that its descriptor says`,
    { hint: "the folder is damaged or incomplete: copy the image anew" },
  );
}

function absent(label: string, what: string, urls: readonly string[] = []): DrayageError {
  const hint =
    urls.length === 0
      ? "the folder is incomplete: copy the image anew"
      : `its bytes are kept elsewhere: ${urls.slice(0, 3).join(" ")}`;
  return new DrayageError("ERR_DRAYAGE_BLOB_NOT_FOUND", `${label}: ${what} is not in the folder`, { hint });
}
