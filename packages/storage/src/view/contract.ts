import type { Digest } from "@drayage/digest";
import type { ContainerRecord, ImageRecord, LayerRecord } from "../records/types.ts";

/**
 * All records of a store at one moment, additional stores' behind its own. It is plain data: lookups wait for nobody, and never
 * see what changed since.
 *
 * `find…` take, in this order: a whole id; a whole name as it is stored (`docker.io/library/alpine:latest`); for containers the id of
 * their layer; the beginning of an id that no other has. They give undefined where there is none, and throw `ERR_DRAYAGE_AMBIGUOUS` with the
 * candidates' ids and names where a beginning fits several. Those without `find` throw
 * `ERR_DRAYAGE_{LAYER,IMAGE,CONTAINER}_NOT_FOUND` instead of giving undefined.
 */
export interface StoreView {
  readonly layers: readonly LayerRecord[];
  readonly images: readonly ImageRecord[];
  readonly containers: readonly ContainerRecord[];

  /** By the whole id. */
  layerById(id: string): LayerRecord | undefined;
  imageById(id: string): ImageRecord | undefined;
  containerById(id: string): ContainerRecord | undefined;
  findLayer(text: string): LayerRecord | undefined;
  findImage(text: string): ImageRecord | undefined;
  findContainer(text: string): ContainerRecord | undefined;
  layer(text: string): LayerRecord;
  image(text: string): ImageRecord;
  container(text: string): ContainerRecord;

  /** Images one of whose manifests has this digest. */
  imagesByDigest(digest: Digest): readonly ImageRecord[];
  /** Layers whose tar has this digest. */
  layersByDiffDigest(digest: Digest): readonly LayerRecord[];
  /** Layers whose blob had this digest when it came. */
  layersByCompressedDigest(digest: Digest): readonly LayerRecord[];
  layersByTocDigest(digest: Digest): readonly LayerRecord[];

  /** The layer and all that it stands on, the base first. Throws `ERR_DRAYAGE_STORE_INVALID` where one is missing; it is named. */
  chain(layerId: string): readonly LayerRecord[];
  /** The layers of an image, the base first; none for an image without layers. */
  imageLayers(image: ImageRecord): readonly LayerRecord[];
  /** Layers that stand on this one directly. */
  children(layerId: string): readonly LayerRecord[];
  /** Layers that no other stands on. */
  heads(): readonly LayerRecord[];
  /** Images whose layers include this one. */
  imagesOn(layerId: string): readonly ImageRecord[];
  /** Images whose layers are the first of this image's, and fewer: those it was built on. The nearest first. */
  parents(image: ImageRecord): readonly ImageRecord[];
  /** Containers made from this image. */
  containersOf(imageId: string): readonly ContainerRecord[];
  /** Containers whose layers include this one. */
  containersOn(layerId: string): readonly ContainerRecord[];
  /** Images without a name that no other image is built on. Those of additional stores are never among them. */
  dangling(): readonly ImageRecord[];
  /** Layers of this store that no image and no container needs, each before the one it stands on. */
  unreferencedLayers(): readonly LayerRecord[];
}
