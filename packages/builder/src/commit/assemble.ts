import { type Digest, digestBytes, digestHex } from "@drayage/digest";
import { DrayageError } from "@drayage/errors";
import {
  encodeDockerConfig,
  encodeGoJson,
  encodeOciConfig,
  type HistoryEntry,
  type ImageConfig,
  mediaTypes,
} from "@drayage/manifest";
import type { RawManifest } from "@drayage/transport";
import type { HistoryItem } from "../state/state.ts";
import type { CommitFacts } from "./commit-facts.ts";

/** A layer as an image names it. */
export interface ImageLayer {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly diffId: Digest;
  readonly urls?: readonly string[] | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** What the history says of layers that are not the container's own. */
export interface AddedHistory {
  readonly before: readonly HistoryItem[];
  readonly after: readonly HistoryItem[];
  /** The layer of files that the image gets besides, right upon the container's own. */
  readonly addedFiles?: Digest | undefined;
}

/** Config and manifest in the chosen format. */
export interface AssembledImage {
  readonly config: { readonly bytes: Uint8Array; readonly digest: Digest; readonly mediaType: string };
  readonly manifest: RawManifest;
  readonly diffIds: readonly Digest[];
}

/**
 * Makes both configs of an image, checks both, and gives the one that is wanted, with its manifest: the bytes of buildah 1.28.
 *
 * @param linked history of layers before and behind the container's own
 * @throws `ERR_DRAYAGE_CONFIG_INVALID` where the history tells of other layers than there are
 */
export function assembleImage(
  facts: CommitFacts,
  layers: readonly ImageLayer[],
  linked: AddedHistory = { before: [], after: [] },
): AssembledImage {
  const diffIds = layers.map(({ diffId }) => diffId);
  const both = { facts, diffIds, linked };
  const oci = { ...complete(facts.image.oci, both) };
  const docker: ImageConfig = {
    ...complete(facts.image.docker, both),
    parent: facts.parent,
    container: facts.container,
    container_config: facts.image.docker.config,
  };
  const isDocker = facts.manifestType === mediaTypes.dockerManifest;
  const bytes = isDocker ? encodeDockerConfig(docker) : encodeOciConfig(oci);
  const config = {
    bytes,
    digest: digestBytes(bytes),
    mediaType: isDocker ? mediaTypes.dockerConfig : mediaTypes.ociConfig,
  };
  const manifest = isDocker ? dockerManifest(config, layers) : ociManifest(config, layers, facts.annotations);
  return { config, manifest: { bytes: manifest, mediaType: facts.manifestType }, diffIds };
}

interface Completion {
  readonly facts: CommitFacts;
  readonly diffIds: readonly Digest[];
  readonly linked: AddedHistory;
}

function complete(image: ImageConfig, { facts, diffIds, linked }: Completion): ImageConfig {
  const { created, squash, omitHistory } = facts;
  const base = squash || omitHistory ? [] : (image.history ?? []);
  const history = omitHistory ? [] : [...base, ...newHistory(image, facts, linked)];
  // An image without a history, as `docker import` makes it, stays one that does not tell of all its layers.
  if (base.length > 0) checkHistory(history, diffIds.length);
  return { ...image, created, rootfs: { type: "layers", diff_ids: diffIds }, history };
}

function newHistory(
  { author }: ImageConfig,
  { created, createdBy, comment, emptyLayer, ownEntry, before, after }: CommitFacts,
  linked: AddedHistory,
): readonly HistoryEntry[] {
  const empty = (item: HistoryItem): HistoryEntry => ({ ...item, empty_layer: true });
  const own = { created, created_by: createdBy, author, comment, empty_layer: emptyLayer };
  // buildah ends this line in `",` by mistake.
  const ofFiles = (layer: Digest): HistoryEntry => ({
    created,
    created_by: `/bin/sh -c #(nop) ADD dir:${digestHex(layer)} in /`,
  });
  const entries = [
    ...before.map(empty),
    ...linked.before,
    ...(ownEntry ? [own] : []),
    ...(linked.addedFiles === undefined ? [] : [ofFiles(linked.addedFiles)]),
    ...after.map(empty),
    ...linked.after,
  ];
  const [first, ...others] = entries;
  if (ownEntry || first === undefined || comment === "") return entries;
  return [{ ...first, comment: [first.comment, comment].filter(Boolean).join(" ") }, ...others];
}

function checkHistory(history: readonly HistoryEntry[], layers: number): void {
  const listed = history.filter(({ empty_layer: isEmpty }) => isEmpty !== true).length;
  if (listed === layers) return;
  throw new DrayageError(
    "ERR_DRAYAGE_CONFIG_INVALID",
    `history lists ${listed} non-empty layers, but we have ${layers} layers on disk`,
    {
      hint: "the base's history does not tell of all its layers: leave it out with omitHistory (--omit-history), or squash",
    },
  );
}

type Config = AssembledImage["config"];

function ociManifest(
  { bytes, digest, mediaType }: Config,
  layers: readonly ImageLayer[],
  annotations: Readonly<Record<string, string>>,
): Uint8Array {
  return encodeGoJson({
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType, digest, size: bytes.length },
    layers: layers.map((layer) => ({
      mediaType: layer.mediaType,
      digest: layer.digest,
      size: layer.size,
      urls: layer.urls,
      annotations: mapOf(layer.annotations),
    })),
    annotations: mapOf(annotations),
  });
}

function dockerManifest({ bytes, digest, mediaType }: Config, layers: readonly ImageLayer[]): Uint8Array {
  return encodeGoJson({
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: { mediaType, size: bytes.length, digest },
    layers: layers.map((layer) => ({
      mediaType: layer.mediaType,
      size: layer.size,
      digest: layer.digest,
      urls: layer.urls,
    })),
  });
}

function mapOf(values: Readonly<Record<string, string>> = {}): Map<string, string> | undefined {
  const entries = Object.entries(values);
  return entries.length === 0 ? undefined : new Map(entries);
}
