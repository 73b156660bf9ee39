import type { BlobInfoCache } from "./blob-info-cache.ts";

/** What every asynchronous call takes. */
export interface OperationOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Who one is to a registry. An identity token stands for a user that a credential helper has logged in. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string };

/** How a transport that speaks to registries or daemons reaches them. Absent fields: as the machine is configured. */
export interface ConnectionOptions {
  /** The file with the logins, instead of all the usual ones. */
  readonly authFile?: string | undefined;
  /** Used instead of the configured ones; `none`: ask as nobody. */
  readonly credentials?: Credentials | "none" | undefined;
  /** Sent as it is, instead of asking a token server for one. */
  readonly bearerToken?: string | undefined;
  /** A folder with `*.crt`, `*.cert` and `*.key`, instead of `certs.d`. */
  readonly certDir?: string | undefined;
  /** False: certificates are not checked, and plain HTTP is tried where HTTPS is not spoken. */
  readonly tlsVerify?: boolean | undefined;
  /** The file to read instead of the usual `registries.conf`. */
  readonly registriesConf?: string | undefined;
  /** The folder of its drop-ins, instead of the usual `registries.conf.d`. */
  readonly registriesConfDir?: string | undefined;
  /** A folder to read instead of the usual `registries.d`. */
  readonly registriesDir?: string | undefined;
  /** Where a daemon listens: `unix:///run/docker.sock`, `tcp://…`, `http://…`, `https://…`. */
  readonly daemonHost?: string | undefined;
  /** Put before the usual user agent. */
  readonly userAgentPrefix?: string | undefined;
  /** How often a request that failed for a reason that may pass is made again; 5 where absent. */
  readonly retries?: number | undefined;
  /** Milliseconds before the first of these tries, instead of a growing time. */
  readonly retryDelay?: number | undefined;
}

/** What opening a source takes. A transport ignores what it has no use for. */
export interface SourceOptions extends OperationOptions {
  /** Where blobs of OCI layouts are shared between layouts: `<folder>/<algorithm>/<hex>`. */
  readonly sharedBlobDir?: string | undefined;
  /** Where large temporary files go; `$TMPDIR`, `/var/tmp` or the system's place for them where absent. */
  readonly temporaryDir?: string | undefined;
  /** Options of a plugin's own, as the user wrote them: `--src-option key=value`. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /** For transports that speak to registries or daemons. */
  readonly connection?: ConnectionOptions | undefined;
  /** What is known of blobs from earlier copies. A transport that uses it tells it what it finds out. */
  readonly blobInfoCache?: BlobInfoCache | undefined;
  /** Told once of each thing that the user should know but that does not stop the work. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** What opening a destination takes. A transport ignores what it has no use for. */
export interface DestinationOptions extends SourceOptions {
  /** Further docker names for the image: `name:tag` each. */
  readonly additionalTags?: readonly string[] | undefined;
  /** Adds to the images that an archive holds already, instead of refusing to touch it. */
  readonly append?: boolean | undefined;
  /**
   * For an image that is edited where it is: the one that the reference means gives way to the new one, which has its place, and where the
   * reference names none, its names. Without it, an image whose name the new one gets stays without it. In an archive, only with `append`.
   */
  readonly replace?: boolean | undefined;
  /**
   * Lets blobs become hard links of the source's files, where both are in one file system. Whoever then changes a blob's
   * file in place changes both images.
   */
  readonly linkBlobs?: boolean | undefined;
  /** Lets layers stay uncompressed where the transport would have them compressed. */
  readonly acceptUncompressedLayers?: boolean | undefined;
  /** What a transport that preserves layers as they come (`dir`) wants them to be instead. */
  readonly layerCompression?: "compress" | "decompress" | undefined;
  /**
   * For deleting: only the name goes, where the transport can delete one alone; the image stays, and so do other names
   * that it has.
   */
  readonly tagOnly?: boolean | undefined;
}
