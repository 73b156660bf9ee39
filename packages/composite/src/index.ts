/**
 * Several images in places of any transports as one, and lists of images that can be changed.
 * @module
 */
export { type DescribeOptions, describeImages } from "./add-image.ts";
export {
  type Artifact,
  type ArtifactOptions,
  createArtifact,
  subjectOf,
  unknownArtifactType,
} from "./artifact.ts";
export { artifactLocation } from "./artifact-location.ts";
export {
  type AmendListOptions,
  amendStoredList,
  type ChangeListOptions,
  type CreateListOptions,
  changeStoredList,
  createStoredList,
  type ListChange,
} from "./change-stored-list.ts";
export { composite, compositeScheme } from "./composite.ts";
export { documentLocation } from "./document-location.ts";
export { type EncodedList, encodeList, type ListFormat, onlyInOci } from "./encode-list.ts";
export {
  addEntries,
  addEntry,
  annotateEntry,
  annotateList,
  type EntryChanges,
  emptyList,
  findEntry,
  type ImageList,
  type ListChanges,
  listTypes,
  parseList,
  removeEntry,
} from "./image-list.ts";
export { type ListArtifacts, noArtifacts, withArtifact } from "./list-artifacts.ts";
export { type ListLocationOptions, listLocation, placeText, storedPlaceText } from "./list-place.ts";
export type { CompositeMember, CompositeOptions, CompositeSelection } from "./members.ts";
export {
  isStoredList,
  type ListContents,
  noContents,
  readStoredList,
  type StoredList,
  withImages,
  withoutImage,
} from "./stored-list.ts";
