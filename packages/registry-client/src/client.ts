import type { Digest } from "@drayage/digest";
import type { Descriptor } from "@drayage/manifest";

/** What every call takes. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Who one is to a registry. An identity token stands for a user that a credential helper has logged in. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string };

/** Where credentials are looked up. `@drayage/containers-config` makes one of the files that the containers tools share. */
export interface Keychain {
  /** For `host[:port]/path/of/the/repository`, or the host alone. Undefined: one asks as nobody. */
  credentials(name: string, options?: CallOptions): Promise<Credentials | undefined>;
}

/** How often what failed for a reason that may pass is tried again. */
export interface RetryPolicy {
  /** 5 where absent. An upload counts anew when the registry got more of it. */
  readonly retries?: number | undefined;
  /** Milliseconds before a try, instead of a growing time. */
  readonly delay?: number | undefined;
}

/** A registry, as the OCI distribution specification and Docker's registry speak. Connections are kept alive until {@link close}. */
export interface RegistryClient {
  /** `docker.io` or `127.0.0.1:5000`: as it stands in image names. */
  readonly host: string;
  /** Asks whether this is a registry, and whether the credentials are taken where `authenticate` is set (login). */
  ping(options?: CallOptions & { readonly authenticate?: boolean | undefined }): Promise<void>;
  /**
   * A repository by its path: `library/busybox`. With `access: "push"` tokens are asked for pulling and pushing from the start,
   * which spares one where both are done. Throws `ERR_DRAYAGE_REFERENCE_INVALID`.
   */
  repository(path: string, options?: { readonly access?: "pull" | "push" | undefined }): Repository;
  /** The paths of the repositories, page after page. */
  catalog(options?: CallOptions & { readonly pageSize?: number | undefined }): AsyncIterable<string>;
  close(): void;
}

export interface ReadBlobOptions extends CallOptions {
  /** Bytes before it are not asked for; 0 where absent. */
  readonly offset?: number | undefined;
  /** Bytes of the whole blob, where they are known. */
  readonly size?: number | undefined;
  /** A chunk may be overwritten once the next one is asked for: faster over plain HTTP. */
  readonly borrow?: boolean | undefined;
}

export interface FetchedManifest {
  readonly bytes: Uint8Array;
  /** What the registry says it is, or, where that is no manifest's type, what it looks like. */
  readonly mediaType: string;
  /** Computed from the bytes, and verified where the reference is a digest. */
  readonly digest: Digest;
}

export interface PutManifestResult {
  readonly digest: Digest;
}

/** One repository. `reference` is a tag or a digest. */
export interface Repository {
  readonly path: string;
  /**
   * What a tag or digest names: one HEAD, and a GET only where the registry's answer to it does not say it all. Throws
   * `ERR_DRAYAGE_IMAGE_NOT_FOUND`, also where there is no such repository: an answer to HEAD cannot tell.
   */
  resolve(reference: string, options?: CallOptions): Promise<Descriptor>;
  /** At most 4 MiB. Throws `ERR_DRAYAGE_IMAGE_NOT_FOUND`, `ERR_DRAYAGE_REPOSITORY_NOT_FOUND`, `ERR_DRAYAGE_DIGEST_MISMATCH`. */
  manifest(reference: string, options?: CallOptions): Promise<FetchedManifest>;
  /**
   * Throws `ERR_DRAYAGE_MANIFEST_UNSUPPORTED` where the registry does not take its type. Where the manifest has a `subject` and
   * the registry does not say that it has noted that (`OCI-Subject`), the referrers tag of the subject is brought up to date.
   */
  putManifest(
    reference: string,
    bytes: Uint8Array,
    options: CallOptions & { readonly mediaType: string },
  ): Promise<PutManifestResult>;
  /**
   * Deletes the manifest, and with it every tag that names it. Throws `ERR_DRAYAGE_REGISTRY_UNSUPPORTED` where deletion is switched off.
   * Where it has a `subject` and the registry has no referrers API, it is taken out of the subject's referrers tag.
   */
  deleteManifest(digest: Digest, options?: CallOptions): Promise<void>;
  /** Deletes a tag alone. Throws `ERR_DRAYAGE_REGISTRY_UNSUPPORTED` where the registry only deletes manifests. */
  deleteTag(tag: string, options?: CallOptions): Promise<void>;
  deleteBlob(digest: Digest, options?: CallOptions): Promise<void>;
  /** The tags, page after page, in the registry's order. Throws `ERR_DRAYAGE_REPOSITORY_NOT_FOUND`. */
  tags(options?: CallOptions & { readonly pageSize?: number | undefined }): AsyncIterable<string>;
  /** What refers to a manifest: by the referrers API, else by its fallback tag. */
  referrers(
    subject: Digest,
    options?: CallOptions & { readonly artifactType?: string | undefined },
  ): Promise<readonly Descriptor[]>;
  /** Whether the repository has a blob: HEAD. */
  statBlob(digest: Digest, options?: CallOptions): Promise<{ readonly size: number } | undefined>;
  /**
   * A blob's bytes from `offset` on, as they come: **not verified**, which whoever drains them does. A broken connection is made
   * anew, and the rest asked for by `Range`. Throws `ERR_DRAYAGE_BLOB_NOT_FOUND`.
   */
  readBlob(digest: Digest, options?: ReadBlobOptions): AsyncIterable<Uint8Array>;
  /**
   * Lets the registry take a blob over from another of its repositories. Where it does not (it then has begun an upload, which is
   * cancelled), false.
   */
  mountBlob(digest: Digest, from: string, options?: CallOptions): Promise<boolean>;
  /**
   * Uploads a blob, and goes on after a lost connection where the registry says it has got to. An upload that the registry has lost is
   * begun anew. `chunkSize` is the most bytes of one request; where it is absent there is no limit, until one is met (413).
   * Throws `ERR_DRAYAGE_DIGEST_MISMATCH`, `ERR_DRAYAGE_SIZE_MISMATCH`, and what the content throws.
   */
  uploadBlob(
    content: BlobContent,
    options?: CallOptions & { readonly chunkSize?: number | undefined },
  ): Promise<{ readonly digest: Digest; readonly size: number }>;
}

/** Bytes that are uploaded. `bytesContent` makes one of bytes in memory. */
export interface BlobContent {
  readonly digest?: Digest | undefined;
  readonly size?: number | undefined;
  /**
   * Writes the bytes from `offset` on, one write after the other, and says what all of them, from the start, hash to. It is called again, with the count of bytes that
   * the registry has, after the connection was lost.
   */
  send(
    write: (chunk: Uint8Array) => Promise<void>,
    options: { readonly offset: number; readonly signal: AbortSignal },
  ): Promise<{ readonly digest: Digest; readonly size: number }>;
}
