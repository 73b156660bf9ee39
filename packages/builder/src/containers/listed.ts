/** A container of a store, as `buildah containers` tells of it. */
export interface ListedContainer {
  readonly id: string;
  /** Its first name; empty where it has none. */
  readonly name: string;
  /** Whether it is a working container. */
  readonly builder: boolean;
  /** Empty for `scratch`. */
  readonly imageId: string;
  /** The image's first name; `scratch` where there is no image, empty where it has no name or is gone. */
  readonly imageName: string;
}
