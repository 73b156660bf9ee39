import { encodeGoJson, type HistoryEntry, parseConfig } from "@drayage/manifest";
import type { DrayContext } from "../context.ts";
import { type OpenedImage, openImage } from "../image-layers.ts";
import { humanAge, humanSize } from "../output/human.ts";
import { formatRows } from "../output/rows.ts";
import type { HistoryFlags } from "./history.command.ts";

interface Step {
  readonly id: string;
  readonly entry: HistoryEntry;
  readonly size: number;
}

/** `dray history`, as `podman history` prints it. */
export async function history(this: DrayContext, flags: HistoryFlags, text: string): Promise<void> {
  await using opened = await openImage(this, flags, { text, what: "history" });
  const steps = stepsOf(opened);
  if (flags.quiet) {
    this.process.stdout.write(steps.map(({ id }) => `${shortId(id, flags)}\n`).join(""));
    return;
  }
  const human = flags.human ?? true;
  const printed = await formatRows(
    {
      table: "{{.ID}} {{.Created}} {{.CreatedBy}} {{.Size}} {{.Comment}}",
      rows: steps.map(({ id, entry, size }) => ({
        ID: shortId(id, flags),
        Created: created(entry, human),
        CreatedAt: seconds(entry),
        CreatedSince: created(entry, true),
        CreatedBy: shortText(entry.created_by ?? "", flags),
        Size: human ? humanSize(size) : `${size}`,
        Comment: entry.comment ?? "",
      })),
      json: () => `${new TextDecoder().decode(encodeGoJson(steps.map(record)))}\n`,
    },
    flags,
  );
  this.process.stdout.write(printed);
}

/** The last step first. Only the image itself has an id: those of its parents are not told by any image. */
function stepsOf({ image, id: imageId, layers }: OpenedImage): readonly Step[] {
  const entries = image.config === undefined ? [] : (parseConfig(image.config).history ?? []);
  const sizes = layers.filter(({ emptyLayer }) => !emptyLayer).map(({ size }) => Math.max(0, size));
  // An image without history has layers all the same.
  const known = entries.length > 0 ? entries : layers.map((): HistoryEntry => ({}));
  const steps = known.map((entry) => ({
    entry,
    size: entry.empty_layer === true ? 0 : (sizes.shift() ?? 0),
  }));
  return steps.reverse().map((step, at) => ({ ...step, id: at === 0 ? imageId : "<missing>" }));
}

function shortId(id: string, { noTrunc }: HistoryFlags): string {
  return noTrunc || id.startsWith("<") ? id : id.slice(0, 12);
}

const longest = 45;

function shortText(text: string, { noTrunc }: HistoryFlags): string {
  return noTrunc || text.length <= longest ? text : `${text.slice(0, longest - 3)}...`;
}

function created(entry: HistoryEntry, human: boolean): string {
  return human && entry.created !== undefined ? humanAge(new Date(entry.created)) : seconds(entry);
}

/** The time without fractions of a second, in UTC. */
function seconds({ created: time }: HistoryEntry): string {
  const date = new Date(time ?? 0);
  return Number.isNaN(date.getTime()) ? `${time}` : date.toISOString().replace(/\.\d+/, "");
}

/** podman's field names, of which the time comes twice. */
function record({ id, entry, size }: Step): Readonly<Record<string, unknown>> {
  return {
    id,
    created: entry.created,
    CreatedBy: entry.created_by,
    size,
    comment: entry.comment,
    Created: seconds(entry),
  };
}
