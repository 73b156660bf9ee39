import { DrayageError, isDrayageError } from "@drayage/errors";
import type { ImageRecord } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { goIndentedJson } from "../output/json.ts";
import { formatRows } from "../output/rows.ts";
import { registriesPlace } from "../registries-place.ts";
import { warn } from "../source-options.ts";
import { findLocalImage } from "../store/find-local-image.ts";
import { imageFilters, isIntermediate } from "../store/image-filters.ts";
import { type ImageRow, imageFields, imageJson, imageRows, labelsOf } from "../store/image-rows.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { ImagesFlags } from "./images.command.ts";

/** `dray images`, as `podman images` prints them. */
export async function images(this: DrayContext, flags: ImagesFlags, ...names: string[]): Promise<void> {
  if (flags.quiet && flags.format !== undefined) {
    throw new DrayageError("ERR_DRAYAGE_USAGE", "--quiet and --format exclude each other");
  }
  await using store = await openLocalStore(this, flags);
  const view = await store.read({ signal: this.signal });
  const options = { store, view, env: this.env, ...registriesPlace(flags) };
  const wanted = await imageFilters([...(flags.filter ?? []), ...(await named(names))], options);
  const shown: ImageRecord[] = [];
  for (const image of view.images) {
    const isHidden = flags.all !== true && isIntermediate(image, view);
    if (!isHidden && (await wanted(image))) shown.push(image);
  }
  const rows = sorted(await imageRows(store, shown, (message) => warn(this, message)), flags.sort);
  if (flags.quiet) {
    const ids = new Set(rows.map(({ image }) => image.id));
    const lines = [...ids].map((id) => `${flags.noTrunc ? `sha256:${id}` : id.slice(0, 12)}\n`);
    this.process.stdout.write(lines.join(""));
    return;
  }
  // Labels stand in configs, which are only read where somebody asks.
  const needsLabels = flags.format !== undefined;
  const facts = new Map(
    await Promise.all(
      shown.map(async (image) => {
        const labels = needsLabels ? await labelsOf(store, image) : {};
        return [image.id, { view, labels }] as const;
      }),
    ),
  );
  const factsOf = ({ image }: ImageRow) => facts.get(image.id) ?? { view, labels: {} };
  const printed = await formatRows(
    {
      table: tableOf(flags),
      headings: { ID: "IMAGE ID" },
      rows: rows.map((row) => imageFields(row, factsOf(row), flags)),
      json: () => goIndentedJson(rows.map((row) => imageJson(row, factsOf(row)))),
    },
    flags,
  );
  this.process.stdout.write(printed);

  /** A name means all images that have it; what is none, the one image that it stands for. As with podman, no image is no mistake. */
  async function named(texts: readonly string[]): Promise<readonly string[]> {
    const [text, ...others] = texts;
    if (text === undefined) return [];
    if (others.length > 0) throw new DrayageError("ERR_DRAYAGE_USAGE", "images takes one name at most");
    const byPattern = await imageFilters([`reference=${text}`], options);
    for (const image of view.images) if (await byPattern(image)) return [`reference=${text}`];
    try {
      return [`id=${(await findLocalImage(view, text, options)).image.id}`];
    } catch (error) {
      if (isDrayageError(error, "ERR_DRAYAGE_IMAGE_NOT_FOUND")) return [`reference=${text}`];
      throw error;
    }
  }
}

function tableOf({ digests, history }: ImagesFlags): string {
  const digest = digests ? "{{.Digest}} " : "";
  const names = history ? " {{.History}}" : "";
  return `{{.Repository}} {{.Tag}} ${digest}{{.ID}} {{.Created}} {{.Size}}${names}`;
}

function sorted(rows: readonly ImageRow[], by: ImagesFlags["sort"] = "created"): readonly ImageRow[] {
  const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  const orders: Readonly<Record<NonNullable<ImagesFlags["sort"]>, (a: ImageRow, b: ImageRow) => number>> = {
    created: (a, b) => Date.parse(b.image.created) - Date.parse(a.image.created),
    id: (a, b) => compare(a.image.id, b.image.id),
    repository: (a, b) => compare(a.repository, b.repository),
    size: (a, b) => a.size - b.size,
    tag: (a, b) => compare(a.tag, b.tag),
  };
  return [...rows].sort(orders[by]);
}
