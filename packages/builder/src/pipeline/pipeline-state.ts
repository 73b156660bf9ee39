import { type ImageConfigs, mediaTypes } from "@drayage/manifest";
import { baseAnnotations } from "../state/base-annotations.ts";
import type { BuilderState } from "../state/state.ts";
import type { PipelineBase } from "./open-base.ts";

/** The state of a container that is in no store. */
export function pipelineState(
  base: PipelineBase,
  { name, format }: { readonly name: string; readonly format: "docker" | "oci" | undefined },
): BuilderState {
  const isDocker =
    format === undefined ? base.manifestType === mediaTypes.dockerManifest : format === "docker";
  const annotations = baseAnnotations(base, base.image.annotations);
  const image: ImageConfigs = { ...base.image, annotations };
  return {
    fromImage: base.name,
    fromImageId: base.id,
    fromImageDigest: base.digest,
    container: name,
    // What the image says of it would be another at every run.
    containerId: "",
    createdBy: "",
    historyComment: "",
    annotations,
    image,
    prependedEmptyLayers: [],
    appendedEmptyLayers: [],
    topLayer: "",
    format: isDocker ? mediaTypes.dockerManifest : mediaTypes.ociManifest,
    isolation: "default",
    document: {},
  };
}
