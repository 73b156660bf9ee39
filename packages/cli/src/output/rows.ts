import { sanitizeText } from "@drayage/errors";

/** What `--format`, `--noheading` and the like of podman's lists say. */
export interface RowsStyle {
  /** `json`, a Go template for each row, or `table` and a template with headings; the command's own table where absent. */
  readonly format?: string | undefined;
  readonly noheading?: boolean | undefined;
}

export interface Rows {
  /** The table that is printed by itself, as a template: `{{.ID}} {{.Size}}`. */
  readonly table: string;
  /** Titles of fields that are not simply their names: `{ ID: "IMAGE ID" }`. */
  readonly headings?: Readonly<Record<string, string>> | undefined;
  /** The fields that templates name, for each row. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** What `--format json` prints. */
  readonly json: () => string;
}

/** A list as podman prints it. */
export async function formatRows(rows: Rows, { format, noheading }: RowsStyle): Promise<string> {
  if (format === "json") return rows.json();
  const { renderTemplate } = await import("../template/render.ts");
  if (format !== undefined && !/^table\s/.test(format)) {
    return rows.rows.map((row) => renderTemplate(format, row)).join("");
  }
  const template = (format ?? rows.table).replace(/^table\s+/, "").replaceAll("}} {{", "}}\t{{");
  const lines = rows.rows.map((row) => renderTemplate(template, row).replace(/\n$/, "").split("\t"));
  const withHead = noheading ? lines : [headings(template, rows.headings), ...lines];
  return tabulate(withHead.map((cells) => cells.map(sanitizeText)));
}

/** `CreatedBy` is headed `CREATED BY`, as by podman. */
function headings(template: string, known: Rows["headings"] = {}): readonly string[] {
  return template.split("\t").map((cell) => {
    const name = /\.(\w+)/.exec(cell)?.[1] ?? "";
    return known[name] ?? name.replace(/([a-z])([A-Z])/g, "$1 $2").toUpperCase();
  });
}

const narrowest = 12;
const gap = 2;

/** Columns as Go's tabwriter makes them for podman: two blanks between them, none narrower than twelve; the last is not filled up. */
function tabulate(rows: readonly (readonly string[])[]): string {
  const count = Math.max(0, ...rows.map((cells) => cells.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(narrowest, ...rows.map((cells) => (cells[column] ?? "").length + gap)),
  );
  const lines = rows.map((cells) =>
    cells.map((cell, at) => (at === cells.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join(""),
  );
  return lines.map((line) => `${line}\n`).join("");
}
