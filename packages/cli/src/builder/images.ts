import type { ImageRecord } from "@drayage/storage";
import type { DrayContext } from "../context.ts";
import { humanAge } from "../output/human.ts";
import { goIndentedJson } from "../output/json.ts";
import { registriesPlace } from "../registries-place.ts";
import { warn } from "../source-options.ts";
import { findLocalImage } from "../store/find-local-image.ts";
import { imageFilters, isIntermediate } from "../store/image-filters.ts";
import { type ImageRow, imageRows } from "../store/image-rows.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import { goTime } from "../template/values.ts";
import type { BuilderImagesFlags } from "./list.command.ts";
import { imageNotKnown, refuseLateFlags, said } from "./said.ts";
import { templateTable } from "./template-table.ts";

const headings = {
  Name: "REPOSITORY",
  Tag: "TAG",
  // As buildah 1.28 heads it.
  Digest: "<no value>",
  ID: "IMAGE ID",
  CreatedAt: "CREATED",
  Size: "SIZE",
  ReadOnly: "R/O",
  History: "HISTORY",
} as const;

/** `buildah images` */
export async function images(
  this: DrayContext,
  flags: BuilderImagesFlags,
  ...words: string[]
): Promise<void> {
  if (words.length > 0) {
    if (flags.all) throw said("when using the --all switch, you may not pass any images names or IDs");
    refuseLateFlags(words);
    if (words.length > 1) throw said("'buildah images' requires at most 1 argument");
  }
  await using store = await openLocalStore(this, flags);
  const view = await store.read({ signal: this.signal });
  const options = { store, view, env: this.env, ...registriesPlace(flags) };
  const wanted = await filtersOf(flags, options);
  const among = words[0] === undefined ? view.images : [await imageOf(words[0], options)];
  const shown: ImageRecord[] = [];
  for (const image of among) {
    const isHidden = !flags.all && isIntermediate(image, view);
    if (!isHidden && (await wanted(image))) shown.push(image);
  }
  if (flags.quiet && flags.format) throw said("quiet and format are mutually exclusive");
  const rows = await imageRows(store, shown, (message) => warn(this, message));
  this.process.stdout.write(flags.json ? jsonOf(rows, flags) : tableOf(rows, flags));
}

async function filtersOf(
  { filter = [] }: BuilderImagesFlags,
  options: Parameters<typeof imageFilters>[1],
): Promise<Awaited<ReturnType<typeof imageFilters>>> {
  for (const text of filter) {
    const name = /^([\w-]+)!?=/.exec(text)?.[1];
    if (name === undefined)
      throw said(
        `invalid image filter ${JSON.stringify(text)}: must be in the format "filter=value"`,
        "dangling=true, label=name, reference=name and the like",
      );
    if (!filterNames.has(name))
      throw said(`unsupported image filter ${JSON.stringify(name)}`, [...filterNames].join(", "));
  }
  return imageFilters(filter, options);
}

const filterNames: ReadonlySet<string> = new Set([
  "after",
  "before",
  "containers",
  "dangling",
  "digest",
  "id",
  "intermediate",
  "label",
  "readonly",
  "reference",
  "since",
  "until",
]);

async function imageOf(name: string, options: Parameters<typeof imageFilters>[1]): Promise<ImageRecord> {
  try {
    return (await findLocalImage(options.view, name, options)).image;
  } catch (error) {
    throw imageNotKnown(name, error);
  }
}

function tableOf(rows: readonly ImageRow[], flags: BuilderImagesFlags): string {
  const newest = rows
    .map((row) => ({ row, time: Date.parse(row.image.created) }))
    .sort((a, b) => b.time - a.time)
    .map(({ row }) => row);
  if (flags.quiet) {
    return [...new Set(newest.map(({ image }) => shortId(image, flags)))].map((id) => `${id}\n`).join("");
  }
  return templateTable({
    template: flags.format || usualTemplate(flags),
    headings,
    rows: newest.map((row) => fieldsOf(row, flags)),
  });
}

function usualTemplate({ noheading, digests, history }: BuilderImagesFlags): string {
  const columns = ["Name", "Tag", ...(digests ? ["Digest"] : []), "ID", "CreatedAt", "Size"];
  const all = history ? [...columns, "History"] : columns;
  return `${noheading ? "" : "table "}${all.map((name) => `{{.${name}}}`).join("\t")}`;
}

function shortId({ id }: ImageRecord, { noTrunc }: BuilderImagesFlags): string {
  return noTrunc ? `sha256:${id}` : id.slice(0, 12);
}

function fieldsOf(
  { image, repository, tag, size }: ImageRow,
  flags: BuilderImagesFlags,
): Readonly<Record<string, unknown>> {
  const created = new Date(image.created);
  return {
    Tag: tag,
    ID: shortId(image, flags),
    Name: repository,
    Digest: image.digest ?? "",
    Created: Math.floor(created.getTime() / 1000),
    CreatedAt: humanAge(created),
    Size: decimalSize(size),
    CreatedAtRaw: goTime(image.created),
    ReadOnly: image.readOnly,
    History: earlierNames(image, `${repository}:${tag}`),
  };
}

/** The first is left out where it is the name that the row is of. */
function earlierNames({ namesHistory }: ImageRecord, name: string): string {
  const earlier = namesHistory[0] === name ? namesHistory.slice(1) : namesHistory;
  return earlier.length === 0 ? "<none>" : earlier.join(", ");
}

function jsonOf(rows: readonly ImageRow[], flags: BuilderImagesFlags): string {
  const sizes = new Map(rows.map(({ image, size }) => [image, size] as const));
  return goIndentedJson(
    [...sizes].map(([image, size]) => {
      const created = new Date(image.created);
      return {
        id: shortId(image, flags),
        names: image.names.length === 0 ? null : image.names,
        digest: image.digest ?? "",
        createdat: humanAge(created),
        size: decimalSize(size),
        created: Math.floor(created.getTime() / 1000),
        createdatraw: image.created,
        readonly: image.readOnly,
        history: null,
      };
    }),
  );
}

const units = ["B", "KB", "MB", "GB", "TB"] as const;

/** Three digits that count, in powers of 1000: `25.1 KB`. */
function decimalSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  // Go's %.3g: a thousand, which rounding may make, has an exponent.
  const rounded = Number(value.toPrecision(3));
  return `${rounded >= 1000 ? "1e+03" : rounded} ${units[unit] ?? ""}`;
}
