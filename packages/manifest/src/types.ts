import type { Digest } from "@drayage/digest";
import type { RawJson } from "./json/encode.ts";
import type { ImageMediaType, IndexMediaType } from "./media-types.ts";

/** Fields of a document that its specification does not name, as they were written, by name. */
export type ExtraFields = ReadonlyMap<string, RawJson>;

/** Text by text: annotations and labels. */
export type Annotations = Readonly<Record<string, string>>;

/** What an image is made for (OCI image-index.md; `features` is docker's, of its manifest lists). */
export interface Platform {
  /** As Go names it: `amd64`, `arm64`, `ppc64le`. Empty where a document says nothing. */
  readonly architecture: string;
  /** As Go names it: `linux`, `windows`. Empty where a document says nothing. */
  readonly os: string;
  readonly "os.version"?: string | undefined;
  readonly "os.features"?: readonly string[] | undefined;
  /** The variant of the architecture: `v7` of `arm`. */
  readonly variant?: string | undefined;
  /** Features that the CPU needs: docker's manifest lists only. */
  readonly features?: readonly string[] | undefined;
  readonly extra?: ExtraFields | undefined;
}

/** What points at a blob or manifest (OCI descriptor.md). */
export interface Descriptor {
  /** Empty in docker v2s1, which has none. */
  readonly mediaType: string;
  readonly digest: Digest;
  /** In bytes. -1 in docker v2s1, which does not say. */
  readonly size: number;
  readonly urls?: readonly string[] | undefined;
  readonly annotations?: Annotations | undefined;
  /** The content itself in base64. */
  readonly data?: string | undefined;
  readonly platform?: Platform | undefined;
  readonly artifactType?: string | undefined;
  readonly extra?: ExtraFields | undefined;
}

export interface LayerDescriptor extends Descriptor {
  /** Set for the layers of docker v2s1 that its history calls `throwaway`: an empty tar. */
  readonly emptyLayer?: boolean | undefined;
}

/** The manifest of one image, or of an artifact. */
export interface ImageManifest {
  readonly kind: "image";
  readonly mediaType: ImageMediaType;
  /** The document as it came. */
  readonly bytes: Uint8Array;
  /** Absent in docker v2s1. */
  readonly config: Descriptor | undefined;
  /** The base layer first, also for docker v2s1, where the document has it last. */
  readonly layers: readonly LayerDescriptor[];
  readonly annotations?: Annotations | undefined;
  readonly subject?: Descriptor | undefined;
  readonly artifactType?: string | undefined;
  /** Whether it is something else than a container image: its config is not an image's. */
  readonly isArtifact: boolean;
  /** What only docker v2s1 has. */
  readonly v1?: DockerV1Details | undefined;
  readonly extra?: ExtraFields | undefined;
  /** The document as plain frozen JavaScript values. */
  readonly document: Readonly<Record<string, unknown>>;
}

/** What only a docker v2s1 manifest has. */
export interface DockerV1Details {
  readonly name: string;
  readonly tag: string;
  readonly architecture: string;
  /** One entry for each layer, the top layer (whose entry holds the config) first, as in the document. */
  readonly history: readonly DockerV1History[];
}

export interface DockerV1History {
  /** The JSON text of the entry. */
  readonly v1Compatibility: string;
  readonly id: string;
  /** Empty for the base layer. */
  readonly parent: string;
  readonly comment: string;
  readonly author: string;
  /** As Go prints it (RFC 3339 with up to nine digits of a second); year 1 where nothing is said. */
  readonly created: string;
  /** `container_config.Cmd` */
  readonly cmd: readonly string[];
  /** Whether the layer is empty. */
  readonly throwaway: boolean;
}

/** A list of images for several platforms: OCI's index, docker's manifest list. */
export interface ImageIndex {
  readonly kind: "index";
  readonly mediaType: IndexMediaType;
  /** The document as it came. */
  readonly bytes: Uint8Array;
  /** Images, artifacts or, in an OCI index, further indexes. */
  readonly manifests: readonly Descriptor[];
  readonly annotations?: Annotations | undefined;
  readonly subject?: Descriptor | undefined;
  readonly artifactType?: string | undefined;
  readonly extra?: ExtraFields | undefined;
  /** The document as plain frozen JavaScript values. */
  readonly document: Readonly<Record<string, unknown>>;
}
