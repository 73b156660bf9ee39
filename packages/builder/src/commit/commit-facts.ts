import { sourceDateEpoch } from "@drayage/copy";
import { isDigest } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import { goTime, type ImageConfigs, mediaTypes } from "@drayage/manifest";
import type { RepackOptions } from "@drayage/storage";
import type { CommitOptions } from "../builder.ts";
import { withoutEmptyBase } from "../state/base-annotations.ts";
import type { BuilderState, HistoryItem } from "../state/state.ts";
import { imageChanges } from "./image-changes.ts";

/** What a commit is to say, once options, container and environment are taken together. */
export interface CommitFacts {
  /** Of the manifest: OCI's, or docker's. */
  readonly manifestType: string;
  /** RFC 3339, as Go writes it. */
  readonly created: string;
  /** Whether nothing of it may be another at another time or on another machine. */
  readonly isReproducible: boolean;
  /** What the files of new layers are to look like, besides what they are. */
  readonly times: Pick<RepackOptions, "latest" | "time">;
  readonly squash: boolean;
  /** No layer for what changed. */
  readonly emptyLayer: boolean;
  readonly omitHistory: boolean;
  readonly createdBy: string;
  readonly comment: string;
  /** `sha256:…` of the base's config, for docker's `parent`; empty where there is none. */
  readonly parent: string;
  /** For docker's `container`. */
  readonly container: string;
  readonly image: ImageConfigs;
  readonly annotations: Readonly<Record<string, string>>;
  /** Whether the history gets an entry of the commit; else {@link comment} goes to the first one that is new. */
  readonly ownEntry: boolean;
  readonly before: readonly HistoryItem[];
  readonly after: readonly HistoryItem[];
}

/**
 * Takes options, container and environment together.
 *
 * @throws `ERR_DRAYAGE_USAGE`
 */
export function commitFacts(state: BuilderState, options: CommitOptions = {}): CommitFacts {
  const { env = process.env } = options;
  const manifestType = manifestTypeOf(state, options);
  const { squash = false, emptyLayer = false, timestamp } = options;
  const fromEnvironment = timestamp === undefined ? sourceDateEpoch(env) : undefined;
  const epoch = options.sourceDateEpoch ?? fromEnvironment;
  if (timestamp !== undefined && options.sourceDateEpoch !== undefined) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "timestamp and sourceDateEpoch cannot be used together", {
      hint: "timestamp is also for files; sourceDateEpoch is for the image, and with rewriteTimestamp for newer files",
    });
  }
  checkLinkedLayers(options, squash);
  const rewrite = options.rewriteTimestamp ?? options.sourceDateEpoch === undefined;
  const now = timestamp ?? epoch ?? new Date();
  const created = goTime(now);
  const isTimed = timestamp !== undefined || epoch !== undefined;
  const told = options.emptyBase === true ? state : withoutEmptyBase(state);
  const changed = imageChanges(told, { ...options, created, isTimed });
  const isFromAnywhere = !(options.containerIdentity ?? !isTimed);
  const isReproducible = timestamp === undefined && epoch !== undefined;
  const retime = (items: readonly HistoryItem[]): readonly HistoryItem[] =>
    isReproducible ? items.map((item) => ({ ...item, created })) : items;
  const parent = isDigest(`sha256:${state.fromImageId}`) ? `sha256:${state.fromImageId}` : "";
  return {
    manifestType,
    created,
    isReproducible,
    times: {
      time: timestamp === undefined ? undefined : tarTime(timestamp),
      latest: epoch !== undefined && rewrite ? tarTime(epoch) : undefined,
    },
    squash,
    emptyLayer: emptyLayer && !squash,
    omitHistory: options.omitHistory ?? false,
    createdBy: state.createdBy || (changed.image.docker.config?.Shell ?? []).join(" ") || "/bin/sh",
    comment: `${options.historyComment ?? state.historyComment}${fromComment(state, parent)}`,
    parent: squash || options.omitHistory === true || options.parent === false ? "" : parent,
    container: isFromAnywhere ? "" : state.containerId,
    image: isFromAnywhere ? withoutMachine(changed.image) : changed.image,
    annotations: changed.annotations,
    ownEntry: true,
    before: retime([...state.prependedEmptyLayers, ...(options.prependedEmptyLayers ?? [])]),
    after: retime([...state.appendedEmptyLayers, ...(options.appendedEmptyLayers ?? [])]),
  };
}

function manifestTypeOf({ format }: BuilderState, options: CommitOptions): string {
  if (options.format !== undefined)
    return options.format === "docker" ? mediaTypes.dockerManifest : mediaTypes.ociManifest;
  if (format === "" || format === mediaTypes.ociManifest) return mediaTypes.ociManifest;
  if (format === mediaTypes.dockerManifest) return format;
  const known = `${JSON.stringify(mediaTypes.ociManifest)} and ${JSON.stringify(mediaTypes.dockerManifest)}`;
  throw new DrayageError(
    "ERR_DRAYAGE_USAGE",
    `no supported manifest types (attempted to use ${JSON.stringify(format)}, only know ${known})`,
  );
}

function checkLinkedLayers(
  { prependedLayers = [], appendedLayers = [] }: CommitOptions,
  squash: boolean,
): void {
  if (!squash || prependedLayers.length + appendedLayers.length === 0) return;
  throw new DrayageError(
    "ERR_DRAYAGE_USAGE",
    "can't add prebuilt layers and produce an image with only one layer, at the same time",
  );
}

/** buildah 1.28 puts it right behind what was said, and leaves it out where an ID was the base's name. */
function fromComment({ fromImage, fromImageId }: BuilderState, parent: string): string {
  return parent.includes(fromImageId) && fromImage !== fromImageId ? `FROM ${fromImage}` : "";
}

/** Docker's config without what is another on every machine. */
function withoutMachine({ docker, ...rest }: ImageConfigs): ImageConfigs {
  const config = { ...docker.config, Hostname: "sandbox", Domainname: undefined };
  return { ...rest, docker: { ...docker, config, container_config: config } };
}

function tarTime(time: Date): { seconds: number; nanoseconds: number } {
  return { seconds: Math.floor(time.getTime() / 1000), nanoseconds: 0 };
}
