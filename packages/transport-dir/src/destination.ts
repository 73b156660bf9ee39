import { mkdir, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { type Blob, bytesBlob, createStagedFile, type DrainResult, drain } from "@drayage/blob";
import { type Digest, digestAlgorithm, digestBytes } from "@drayage/digest";
import { DrayageError, errnoOf, ioError, throwIfAborted } from "@drayage/errors";
import { manifestDigest, manifestLimit } from "@drayage/manifest";
import type {
  CommitOptions,
  DestinationOptions,
  ImageDestination,
  PutBlobOptions,
  PutManifestOptions,
  ReusedBlob,
  Signature,
} from "@drayage/transport";
import { abandon, adopt, adoptable, commitImage, recover } from "./commit.ts";
import { kindOf, namesOf, readIfPresent, sizeOfFile, tryLink } from "./files.ts";
import { blobName, manifestFile, manifestName, privatePrefix, signatureName, versionFile } from "./names.ts";
import { createToken, privateName } from "./private-name.ts";
import { type DirReference, scheme } from "./reference.ts";
import { encodeSignature } from "./signature.ts";
import { algorithmsVersion, plainVersion, readVersion, versionBytes } from "./version.ts";

/** How many blobs are written at the same time: more bring nothing where they share one disk. */
const parallelBlobs = 6;

export async function openDestination(
  reference: DirReference,
  options: DestinationOptions = {},
): Promise<ImageDestination> {
  throwIfAborted(options.signal, `open ${scheme}:${reference.text}`);
  const folder = resolve(reference.path);
  const label = JSON.stringify(reference.path);
  const link = options.linkBlobs === true;
  await checkPlace(folder, label, options.signal);

  const token = createToken();
  /** Blobs and members' manifests that have private names, with their sizes. */
  const put = new Map<string, number>();
  /** Those of the earlier image that could not be given private names too. */
  const reused = new Map<string, number>();
  const signatures = new Map<string, Uint8Array>();
  const working = new Set<Promise<unknown>>();
  let top: Uint8Array | undefined;
  let version = plainVersion;
  let beginning: Promise<Beginning> | undefined;
  /** What killed runs have left, with the sizes. */
  let left: Promise<ReadonlyMap<string, number>> | undefined;
  let state: "open" | "committed" | "closed" = "open";

  function begin(): Promise<Beginning> {
    checkOpen();
    beginning ??= prepare(folder, token);
    return beginning;
  }

  function checkOpen(): void {
    if (state === "open") return;
    throw new DrayageError("ERR_DRAYAGE_USAGE", `the destination ${label} is ${state} already`);
  }

  async function store(name: string | undefined, blob: Blob, options: StoreOptions): Promise<DrainResult> {
    checkOpen();
    throwIfAborted(options.signal);
    await begin();
    await using file = await createStagedFile(folder, { key: blob.digest, mode: 0o644, link });
    const result = await drain(blob, file.sink, options);
    const final = name ?? blobName(result.digest);
    await file.commit(join(folder, privateName(token, final)), { mode: options.mode });
    take(put, final, result);
    return result;
  }

  function take(
    map: Map<string, number>,
    name: string,
    { digest, size }: { digest: Digest; size: number },
  ): void {
    map.set(name, size);
    if (digestAlgorithm(digest) !== "sha256") version = algorithmsVersion;
  }

  function track<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    working.add(settled);
    void settled.then(() => working.delete(settled));
    return work;
  }

  /** What could be taken over of the image that is there, or of runs that were killed. Changes nothing. */
  async function look(name: string): Promise<ReusedBlob | undefined> {
    left ??= adoptable(folder);
    const sizeLeft = (await left).get(name);
    if (sizeLeft !== undefined) return { size: sizeLeft, from: "a copy that was cut short" };
    const size = await sizeOfFile(join(folder, name));
    return size === undefined ? undefined : { size, from: "the image that it replaces" };
  }

  async function putManifest(bytes: Uint8Array, { instance, signal }: PutManifestOptions): Promise<void> {
    checkOpen();
    if (bytes.length > manifestLimit) throw tooLarge(label, "the manifest", bytes);
    if (instance === undefined) {
      top = Uint8Array.from(bytes);
      return;
    }
    const actual = manifestDigest(bytes, digestAlgorithm(instance));
    if (actual !== instance) {
      throw new DrayageError(
        "ERR_DRAYAGE_DIGEST_MISMATCH",
        `${label}: the manifest ${instance} hashes to ${actual}`,
      );
    }
    await store(
      manifestName(instance),
      bytesBlob(bytes, { digest: digestBytes(bytes, digestAlgorithm(instance)) }),
      { signal },
    );
  }

  async function putSignatures(put: readonly Signature[], instance?: Digest): Promise<void> {
    checkOpen();
    for (const [index, signature] of put.entries()) {
      const bytes = encodeSignature(signature);
      if (bytes.length > manifestLimit) throw tooLarge(label, "the signature", bytes);
      signatures.set(signatureName(index + 1, instance), bytes);
    }
  }

  async function commit({ signal }: CommitOptions = {}): Promise<void> {
    checkOpen();
    throwIfAborted(signal, `write ${label}`);
    if (top === undefined)
      throw new DrayageError("ERR_DRAYAGE_USAGE", `${label}: there is no manifest to commit`);
    await begin();
    const files = new Map([[versionFile, versionBytes(version)], [manifestFile, top], ...signatures]);
    await commitImage({ folder, label, token, put, reused, files, signal });
    state = "committed";
    // What was taken over from killed runs, and was of no use.
    await abandon(folder, token);
  }

  async function close(): Promise<void> {
    if (state !== "open") return;
    state = "closed";
    await Promise.all(working);
    const begun = await beginning?.catch(() => undefined);
    if (begun === undefined) return;
    await abandon(folder, token);
    if (begun.madeFolder) await removeIfEmpty(folder);
  }

  return {
    reference,
    accepts: {
      manifestTypes: [],
      layerCompression: options.layerCompression ?? "preserve",
      foreignLayerUrls: false,
      parallelBlobs,
      multipleImages: true,
    },
    async reuseBlob({ digest, size }, { signal, lookOnly }) {
      checkOpen();
      throwIfAborted(signal);
      const name = blobName(digest);
      if (lookOnly === true) {
        const there = put.has(name) ? { size: put.get(name) ?? 0 } : await look(name);
        return there === undefined || (size !== -1 && there.size !== size) ? undefined : there;
      }
      const { adopted } = await begin();
      const mine = put.get(name) ?? adopted.get(name);
      if (mine !== undefined) {
        if (size !== -1 && mine !== size) return undefined;
        take(put, name, { digest, size: mine });
        return { size: mine };
      }
      const path = join(folder, name);
      const found = await sizeOfFile(path);
      if (found === undefined || (size !== -1 && found !== size)) return undefined;
      const isLinked = await tryLink(path, join(folder, privateName(token, name)));
      take(isLinked ? put : reused, name, { digest, size: found });
      return { size: found };
    },
    putBlob: (blob, options) => track(store(undefined, blob, { ...options, mode: 0o644 })),
    putManifest: (bytes, options) => track(putManifest(bytes, options)),
    putSignatures,
    commit,
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface StoreOptions extends Pick<PutBlobOptions, "signal" | "onBytes"> {
  /** skopeo sets a blob's mode, and leaves that of a manifest to the umask. */
  readonly mode?: number | undefined;
}

/** What was done to the place before the first file of the image was written. */
interface Beginning {
  readonly madeFolder: boolean;
  /** Blobs of killed runs, with their sizes. */
  readonly adopted: ReadonlyMap<string, number>;
}

async function prepare(folder: string, token: string): Promise<Beginning> {
  const madeFolder = await makeFolder(folder);
  return { madeFolder, adopted: await adopt(folder, token) };
}

async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path, 0o755);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw ioError(error, "create the folder", { path });
  }
}

async function removeIfEmpty(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    // Another process has put something there meanwhile, or has removed it.
    if (["ENOTEMPTY", "EEXIST", "ENOENT"].includes(errnoOf(error) ?? "")) return;
    throw ioError(error, "remove the folder", { path });
  }
}

/** Refuses a folder that holds other things than an image, before anything is written. */
async function checkPlace(folder: string, label: string, signal: AbortSignal | undefined): Promise<void> {
  const kind = await kindOf(folder);
  if (kind === "other") {
    throw new DrayageError("ERR_DRAYAGE_DESTINATION_REFUSED", `${label} is not a folder`, {
      hint: "choose the path of a folder, or of nothing",
    });
  }
  if (kind === "absent") {
    const parent = dirname(folder);
    if ((await kindOf(parent)) === "folder") return;
    throw new DrayageError("ERR_DRAYAGE_DESTINATION_REFUSED", `${JSON.stringify(parent)} is not a folder`, {
      hint: `create it first, so that ${label} can be created in it`,
    });
  }
  await recover(folder, signal);
  const version = await readIfPresent(join(folder, versionFile), manifestLimit);
  if (version !== undefined && readVersion(version) === "known") return;
  if (version === undefined && (await isEmpty(folder))) return;
  throw new DrayageError(
    "ERR_DRAYAGE_DESTINATION_EXISTS",
    `${label} is not a folder of an image, and what is in it is not overwritten`,
    { hint: "choose another path, or an empty folder" },
  );
}

/** Whether there is nothing but what a killed run of drayage may have left. */
async function isEmpty(folder: string): Promise<boolean> {
  return (await namesOf(folder)).every((name) => name.startsWith(privatePrefix));
}

function tooLarge(label: string, what: string, bytes: Uint8Array): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_LIMIT_EXCEEDED",
    `${label}: ${what} has ${bytes.length} bytes, and at most ${manifestLimit} are taken`,
  );
}
