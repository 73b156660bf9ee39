import { DrayageError, sanitizeText } from "@drayage/errors";
import { renderTemplate } from "../template/render.ts";

export interface TemplateTable {
  /** A Go template for each row; `table` before it asks for headings. Blanks part columns. */
  readonly template: string;
  readonly headings: Readonly<Record<string, string>>;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** Rows as buildah prints them with `--format`: columns that are three blanks apart, the last not filled up. */
export function templateTable({ template, headings, rows }: TemplateTable): string {
  const withHeadings = template.startsWith("table");
  const inner = withHeadings ? template.slice("table".length).trim() : template;
  const line = inner.replaceAll("\\t", "\t").replaceAll(" ", "\t");
  const lines = [...(withHeadings ? [headings] : []), ...rows].map((row) => render(line, row));
  return aligned(lines.map((text) => text.split("\t").map(harmless)));
}

function render(line: string, row: Readonly<Record<string, unknown>>): string {
  // Blanks within an action part its words; elsewhere they part columns.
  const template = line.replace(/\{\{.*?\}\}/gs, (action) => action.replaceAll("\t", " "));
  try {
    return renderTemplate(template, row).replace(/\n$/, "");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DrayageError("ERR_DRAYAGE_USAGE", `Template parsing error: ${why}`, { cause: error });
  }
}

/** Blanks stay, which make columns. */
function harmless(cell: string): string {
  return /\p{Cc}/u.test(cell) ? sanitizeText(cell) : cell;
}

const gap = 3;

function aligned(lines: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const cells of lines) {
    for (const [column, cell] of cells.slice(0, -1).entries()) {
      widths[column] = Math.max(widths[column] ?? 0, [...cell].length + gap);
    }
  }
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join(""),
    )
    .map((text) => `${text}\n`)
    .join("");
}
