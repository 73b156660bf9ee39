import { isDrayageError } from "@drayage/errors";
import { configLimit, parseConfig } from "@drayage/manifest";
import { parseReference } from "@drayage/reference";
import type { ImageRecord, Store, StoreView } from "@drayage/storage";
import { humanAge, humanSize } from "../output/human.ts";

/** An image as `images` tells of it: one row for each of its names, or one without. */
export interface ImageRow {
  readonly image: ImageRecord;
  readonly repository: string;
  readonly tag: string;
  readonly size: number;
}

const none = "<none>";

/** An image whose layers are damaged counts as empty, and `warn` is told why: the others are to be seen. */
export async function imageRows(
  store: Store,
  images: readonly ImageRecord[],
  warn: (message: string) => void,
): Promise<readonly ImageRow[]> {
  const rows: ImageRow[] = [];
  for (const image of images) {
    const size = await sizeOf(store, image, warn);
    const named = image.names.map((name) => ({ ...partsOf(name), image, size }));
    rows.push(...(named.length === 0 ? [{ image, repository: none, tag: none, size }] : named));
  }
  return rows;
}

async function sizeOf(store: Store, image: ImageRecord, warn: (message: string) => void): Promise<number> {
  try {
    return (await store.imageSize(image.id)).total;
  } catch (error) {
    if (
      !isDrayageError(error, "ERR_DRAYAGE_STORE_INVALID") &&
      !isDrayageError(error, "ERR_DRAYAGE_LAYER_NOT_FOUND")
    ) {
      throw error;
    }
    warn(`the image ${image.names[0] ?? image.id.slice(0, 12)} is damaged: ${error.message}`);
    return 0;
  }
}

function partsOf(name: string): Pick<ImageRow, "repository" | "tag"> {
  try {
    const { name: repository, tag = none } = parseReference(name);
    return { repository, tag };
  } catch (error) {
    if (isDrayageError(error, "ERR_DRAYAGE_REFERENCE_INVALID")) return { repository: name, tag: none };
    throw error;
  }
}

/** The labels of an image's config; none where the image has no config. */
export async function labelsOf(store: Store, image: ImageRecord): Promise<Readonly<Record<string, string>>> {
  const key = [...image.bigData.keys()].find((each) => each === `sha256:${image.id}`);
  if (key === undefined) return {};
  const bytes = await store.bigData("image", image.id, key, { limit: configLimit });
  try {
    return parseConfig(bytes).config?.Labels ?? {};
  } catch (error) {
    // An artifact's config is none of ours to judge.
    if (isDrayageError(error, "ERR_DRAYAGE_CONFIG_INVALID")) return {};
    throw error;
  }
}

export interface ImageFacts {
  readonly view: StoreView;
  readonly labels: Readonly<Record<string, string>>;
}

/** The members of podman's JSON, in its order. */
export function imageJson({ image, size }: ImageRow, { view, labels }: ImageFacts): object {
  return {
    Id: image.id,
    ParentId: view.parents(image)[0]?.id ?? "",
    RepoTags: null,
    RepoDigests: repoDigests(image),
    Size: size,
    SharedSize: 0,
    VirtualSize: size,
    Labels: Object.keys(labels).length === 0 ? null : new Map(Object.entries(labels)),
    Containers: view.containersOf(image.id).length,
    ...(view.dangling().includes(image) ? { Dangling: true } : {}),
    ...(image.readOnly ? { ReadOnly: true } : {}),
    Names: image.names.length === 0 ? undefined : image.names,
    Digest: image.digest,
    History: image.namesHistory.length === 0 ? undefined : image.namesHistory,
    Created: Math.floor(Date.parse(image.created) / 1000),
    CreatedAt: secondsOf(image),
  };
}

function repoDigests({ names, digests }: ImageRecord): readonly string[] {
  const repositories = new Set(names.map((name) => partsOf(name).repository));
  return [...repositories].sort().flatMap((name) => [...digests].sort().map((digest) => `${name}@${digest}`));
}

/** The fields of podman's templates. */
export function imageFields(
  row: ImageRow,
  { view, labels }: ImageFacts,
  { noTrunc = false }: { readonly noTrunc?: boolean | undefined },
): Readonly<Record<string, unknown>> {
  const { image, repository, tag, size } = row;
  const age = humanAge(new Date(image.created));
  // As Go prints a time.
  const createdAt = secondsOf(image).replace("T", " ").replace(/Z$/, " +0000 UTC");
  return {
    Repository: repository,
    Tag: tag,
    ID: noTrunc ? `sha256:${image.id}` : image.id.slice(0, 12),
    Id: image.id,
    ParentId: view.parents(image)[0]?.id ?? "",
    Digest: image.digest ?? none,
    Created: age,
    CreatedAt: createdAt,
    CreatedSince: age,
    CreatedTime: createdAt,
    Size: humanSize(size),
    VirtualSize: size,
    History: image.namesHistory.join(", "),
    Names: image.names,
    RepoTags: image.names,
    RepoDigests: repoDigests(image),
    Labels: labels,
    Containers: view.containersOf(image.id).length,
    Dangling: view.dangling().includes(image),
    ReadOnly: image.readOnly,
    "R/O": image.readOnly,
  };
}

function secondsOf({ created }: ImageRecord): string {
  const date = new Date(created);
  return Number.isNaN(date.getTime()) ? created : date.toISOString().replace(/\.\d+/, "");
}
