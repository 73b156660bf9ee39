import { barText, verdict } from "./bars.ts";
import { type MeasuredRow, type RowResult, type SectionName, type Summary, sections } from "./row.ts";

interface Column {
  readonly title: string;
  readonly cell: (row: MeasuredRow) => string;
  /** Whether it holds numbers, which stand to the right. */
  readonly right?: boolean;
}

const operation: Column = {
  title: "operation",
  cell: ({ title, note }) => (note === undefined ? title : `${title} (${note})`),
};
const against: Column = { title: "beside", cell: (row) => row.against };
const bars: readonly Column[] = [
  { title: "at most, at least", cell: (row) => row.bars.map(barText).join(", ") },
  { title: "holds", cell: (row) => verdict(row.bars, row.figures) },
];

const comparison: readonly Column[] = [
  operation,
  against,
  { title: "wall", cell: ({ figures }) => ratio(figures.wall), right: true },
  { title: "CPU", cell: ({ figures }) => ratio(figures.cpu), right: true },
  { title: "bytes", cell: ({ figures }) => ratio(figures.bytes, 3), right: true },
  { title: "seconds", cell: (row) => both(row, ({ wallSeconds }) => fixed(wallSeconds, 2)), right: true },
  { title: "MB of memory", cell: (row) => both(row, ({ peakBytes }) => megabytes(peakBytes)), right: true },
  ...bars,
];

const columns: Readonly<Record<SectionName, readonly Column[]>> = {
  copies: comparison,
  registries: comparison,
  streams: comparison,
  unpack: comparison,
  commits: comparison,
  "start-up": [
    { ...operation, title: "command" },
    { title: "node alone, ms", cell: ({ baseline }) => milliseconds(baseline), right: true },
    { title: "dray, ms", cell: ({ ours }) => milliseconds(ours), right: true },
    { title: "above node, ms", cell: ({ figures }) => fixed(figures.milliseconds, 1), right: true },
    { title: "skopeo, ms", cell: ({ theirs }) => milliseconds(theirs), right: true },
    ...bars,
  ],
  kernels: [
    { ...operation, title: "kernel" },
    against,
    { title: "speed", cell: ({ figures }) => ratio(figures.speed), right: true },
    { title: "bytes", cell: ({ figures }) => ratio(figures.bytes, 3), right: true },
    { title: "MB/s", cell: (row) => both(row, (one) => megabytes(one.bytesPerSecond)), right: true },
    ...bars,
  ],
  memory: [
    operation,
    { title: "MB of memory", cell: ({ figures }) => megabytes(figures.memory), right: true },
    { title: "seconds", cell: ({ ours }) => fixed(ours.wallSeconds, 1), right: true },
    ...bars,
  ],
};

interface Table {
  readonly section: SectionName;
  readonly head: readonly string[];
  readonly right: readonly boolean[];
  readonly rows: readonly (readonly string[])[];
}

/** The tables with a row for each result, as aligned text. */
export function textTables(results: readonly RowResult[]): string {
  return tablesOf(results)
    .map((table) => `${sections[table.section]}\n\n${aligned(table).join("\n")}`)
    .join("\n\n");
}

/** The same in Markdown. */
export function markdownTables(results: readonly RowResult[]): string {
  return tablesOf(results)
    .map(({ section, head, right, rows }) => {
      const rule = right.map((one) => (one ? "--:" : "---"));
      const lines = [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`);
      return `### ${sections[section]}\n\n${lines.join("\n")}`;
    })
    .join("\n\n");
}

function tablesOf(results: readonly RowResult[]): readonly Table[] {
  return (Object.keys(sections) as SectionName[]).flatMap((section) => {
    const rows = results.filter(
      (result): result is MeasuredRow => result.section === section && result.state === "measured",
    );
    if (rows.length === 0) return [];
    return [
      {
        section,
        head: columns[section].map(({ title }) => title),
        right: columns[section].map(({ right = false }) => right),
        rows: rows.map((row) => columns[section].map(({ cell }) => cell(row))),
      },
    ];
  });
}

function aligned({ head, right, rows }: Table): string[] {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((cells) => (cells[column] ?? "").length)),
  );
  return [head, widths.map((width) => "─".repeat(width)), ...rows].map((cells) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return right[column] ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}

function both({ ours, theirs }: MeasuredRow, text: (one: Summary) => string): string {
  return theirs === undefined ? text(ours) : `${text(ours)} / ${text(theirs)}`;
}

function ratio(value: number | undefined, digits = 2): string {
  return fixed(value, digits);
}

function fixed(value: number | undefined, digits: number): string {
  return value === undefined ? "" : value.toFixed(digits);
}

function megabytes(bytes: number | undefined): string {
  return fixed(bytes === undefined ? undefined : bytes / 1e6, 0);
}

function milliseconds(summary: Summary | undefined): string {
  return fixed(summary?.wallSeconds === undefined ? undefined : summary.wallSeconds * 1000, 1);
}
