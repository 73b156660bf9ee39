import { type ListedContainer, listWorkingContainers } from "@drayage/builder";
import { parseReference } from "@drayage/reference";
import type { DrayContext } from "../context.ts";
import { goIndentedJson } from "../output/json.ts";
import { openLocalStore } from "../store/open-local-store.ts";
import type { ContainersFlags } from "./list.command.ts";
import { said } from "./said.ts";

const headings = {
  ContainerName: "CONTAINER NAME",
  ContainerID: "CONTAINER ID",
  Builder: "BUILDER",
  ImageID: "IMAGE ID",
  ImageName: "IMAGE NAME",
} as const;

/** `buildah containers` */
export async function containers(
  this: DrayContext,
  flags: ContainersFlags,
  ...words: string[]
): Promise<void> {
  if (words.length > 0) throw said("'buildah containers' does not accept arguments");
  if (flags.quiet !== undefined && flags.format !== undefined) {
    throw said("quiet and format are mutually exclusive");
  }
  await using store = await openLocalStore(this, flags);
  const holds = flags.filter === undefined ? () => true : parseFilter(flags.filter);
  const listed = await listWorkingContainers(store, { signal: this.signal, all: flags.all });
  this.process.stdout.write(await textOf(listed.filter(holds), flags));
}

async function textOf(rows: readonly ListedContainer[], flags: ContainersFlags): Promise<string> {
  if (flags.json) {
    // Go prints an empty list as null.
    return goIndentedJson(rows.length === 0 ? null : rows.map(toJson));
  }
  if (flags.format) {
    const { templateTable } = await import("./template-table.ts");
    return templateTable({ template: flags.format, headings, rows: rows.map(fieldsOf) });
  }
  if (flags.quiet) return rows.map(({ id }) => `${id.padEnd(64)}\n`).join("");
  const line = flags.notruncate ? wholeLine : shortLine;
  const heads = flags.noheading ? [] : [headings];
  return [...heads, ...rows.map(fieldsOf)].map((row) => `${line(row)}\n`).join("");
}

interface Fields {
  readonly ContainerID: string;
  readonly Builder: string;
  readonly ImageID: string;
  readonly ImageName: string;
  readonly ContainerName: string;
}

function fieldsOf({
  id,
  name,
  builder,
  imageId,
  imageName,
}: ListedContainer): Fields & Record<string, string> {
  return {
    ContainerID: id,
    Builder: builder ? "   *" : "",
    ImageID: imageId,
    ImageName: imageName,
    ContainerName: name,
  };
}

function shortLine(row: Fields): string {
  const cell = (text: string, width: number): string => text.slice(0, width).padEnd(width);
  const name = row.ImageName.length > 32 ? `${row.ImageName.slice(0, 29)}...` : row.ImageName;
  return `${cell(row.ContainerID, 12)}  ${row.Builder.padEnd(8)} ${cell(row.ImageID, 12)} ${name.padEnd(32)} ${row.ContainerName}`;
}

function wholeLine(row: Fields): string {
  return `${row.ContainerID.padEnd(64)} ${row.Builder.padEnd(8)} ${row.ImageID.padEnd(64)} ${row.ImageName.padEnd(32)} ${row.ContainerName}`;
}

function toJson({ id, name, builder, imageId, imageName }: ListedContainer): object {
  return { id, builder, imageid: imageId, imagename: imageName, containername: name };
}

/** `id=…`, `name=…`, `ancestor=…`, several with commas, of which all have to hold. */
function parseFilter(text: string): (row: ListedContainer) => boolean {
  const filters = text.split(",").map((part) => {
    const equals = part.indexOf("=");
    if (equals < 0) {
      throw said(
        `parsing filter: incorrect filter value ${JSON.stringify(part)}, should be of form filter=value`,
        "id=…, name=…, ancestor=…",
      );
    }
    return filterOf(part.slice(0, equals), part.slice(equals + 1));
  });
  return (row) => filters.every((filter) => filter(row));
}

function filterOf(name: string, value: string): (row: ListedContainer) => boolean {
  switch (name.trim()) {
    case "id":
      return ({ id }) => id.startsWith(value);
    case "name":
      return (row) => row.name.includes(value);
    case "ancestor":
      return ({ imageId, imageName }) => imageId.startsWith(value) || isNamed(imageName, value);
    default:
      throw said(`parsing filter: invalid filter ${JSON.stringify(name)}`, "id, name, ancestor");
  }
}

/** Whether a name ends in what is asked for, and has its tag if one is asked for. */
function isNamed(name: string, wanted: string): boolean {
  const [path, tag] = partsOf(name);
  const [wantedPath, wantedTag] = partsOf(wanted);
  return path.endsWith(wantedPath) && (wantedTag === undefined || tag === wantedTag);
}

function partsOf(text: string): readonly [path: string, tag: string | undefined] {
  try {
    const { name, tag } = parseReference(text);
    return [name, tag];
  } catch {
    // A part of a name need not be one.
    return [text, undefined];
  }
}
