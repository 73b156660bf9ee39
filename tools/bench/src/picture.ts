import { type StageCosts, type StageName, stageNames } from "./stages.ts";

/** One operation as the picture shows it. All times are in seconds. */
export interface PictureBar {
  readonly title: string;
  readonly stages: StageCosts;
  readonly ours: Times;
  readonly theirs: Times;
  /** The peer's name. */
  readonly against: string;
}

export interface Times {
  readonly cpu: number;
  readonly wall: number;
}

interface Segment {
  readonly name: StageName | "the rest";
  readonly seconds: number;
}

// Colours that can also be told apart by those who see few of them (Okabe and Ito).
const colours: Readonly<Record<Segment["name"], string>> = {
  "start-up": "#999999",
  read: "#56b4e9",
  hash: "#0072b2",
  inflate: "#e69f00",
  deflate: "#d55e00",
  crc: "#f0e442",
  write: "#009e73",
  sync: "#cc79a7",
  "the rest": "#e3e3e3",
};
const peerColour = "#b9c0c8";
const darkOnes: ReadonlySet<string> = new Set(["hash", "deflate", "write"]);

const width = 880;
const left = 84;
const right = 180;
const barHeight = 26;
const groupHeight = 108;
const top = 88;

/**
 * Draws where the time goes: for each operation our stages one after the other, and the peer's whole below. Each has a scale
 * of its own, so that the stages of a short one can be seen too.
 */
export function drawPicture(bars: readonly PictureBar[]): string {
  const height = top + bars.length * groupHeight;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13" role="img">`,
    "<title>Where the time of a copy goes</title>",
    `<rect width="${width}" height="${height}" rx="8" fill="#ffffff"/>`,
    text({
      x: 20,
      y: 30,
      body: "Where the time goes: seconds of processor time, each copy to a scale of its own",
      attributes: 'font-size="15" font-weight="600"',
    }),
    ...legend(bars),
    ...bars.flatMap((bar, index) => group(bar, top + index * groupHeight)),
    "</svg>",
  ];
  return `${lines.join("\n")}\n`;
}

function group(bar: PictureBar, y: number): readonly string[] {
  const { ours, theirs } = bar;
  const scale = (width - left - right) / Math.max(ours.cpu, ours.wall, theirs.cpu, theirs.wall);
  const first = y + 18;
  const second = first + barHeight + 6;
  let x = left;
  const segments = segmentsOf(bar).flatMap((segment) => {
    const length = segment.seconds * scale;
    const drawn = segmentLines(segment, { x, y: first, length });
    x += length;
    return drawn;
  });
  const length = theirs.cpu * scale;
  return [
    text({ x: 20, y: y + 10, body: bar.title, attributes: 'font-weight="600"' }),
    text({ x: 20, y: first + 17, body: "dray" }),
    ...segments,
    ...timesOf(ours, { y: first, scale }),
    text({ x: 20, y: second + 17, body: bar.against }),
    rectangle({ x: left, y: second, length, fill: peerColour }),
    ...timesOf(theirs, { y: second, scale }),
  ];
}

/** What the stages do not explain is drawn as the rest; where they take more alone than together they are shrunk to fit. */
function segmentsOf({ stages, ours }: PictureBar): readonly Segment[] {
  const known = stageNames.map((name) => ({ name, seconds: Math.max(0, stages[name] ?? 0) }));
  const sum = known.reduce((total, { seconds }) => total + seconds, 0);
  const shrink = Math.min(1, ours.cpu / sum);
  const shown = known.map(({ name, seconds }) => ({ name, seconds: seconds * shrink }));
  return [...shown, { name: "the rest" as const, seconds: Math.max(0, ours.cpu - sum) }].filter(
    ({ seconds }) => seconds > 0,
  );
}

function segmentLines(
  { name, seconds }: Segment,
  { x, y, length }: { x: number; y: number; length: number },
): readonly string[] {
  const lines = [rectangle({ x, y, length, fill: colours[name] })];
  const label = seconds.toFixed(2);
  if (length > 34) {
    const fill = darkOnes.has(name) ? "#ffffff" : "#1b1f24";
    const attributes = `text-anchor="middle" font-size="11" fill="${fill}"`;
    lines.push(text({ x: x + length / 2, y: y + 17, body: label, attributes }));
  }
  return lines;
}

/** The wall time as a mark, and both times in words. */
function timesOf({ cpu, wall }: Times, { y, scale }: { y: number; scale: number }): readonly string[] {
  const mark = left + wall * scale;
  const end = left + Math.max(cpu, wall) * scale + 10;
  return [
    `<line x1="${round(mark)}" x2="${round(mark)}" y1="${y - 3}" y2="${y + barHeight + 3}" stroke="#1b1f24" stroke-width="2"/>`,
    text({ x: end, y: y + 17, body: `${cpu.toFixed(2)} s, in ${wall.toFixed(2)} s` }),
  ];
}

function legend(bars: readonly PictureBar[]): readonly string[] {
  const used = new Set(bars.flatMap((bar) => segmentsOf(bar).map(({ name }) => name)));
  const entries = [...stageNames, "the rest" as const].filter((name) => used.has(name));
  let x = 20;
  const drawn = entries.flatMap((name) => {
    const lines = [
      `<rect x="${x}" y="46" width="12" height="12" rx="2" fill="${colours[name]}"/>`,
      text({ x: x + 17, y: 57, body: name }),
    ];
    x += 38 + name.length * 6.6;
    return lines;
  });
  const mark = `<line x1="${round(x + 4)}" x2="${round(x + 4)}" y1="44" y2="60" stroke="#1b1f24" stroke-width="2"/>`;
  return [...drawn, mark, text({ x: x + 13, y: 57, body: "wall time" })];
}

function rectangle({ x, y, length, fill }: { x: number; y: number; length: number; fill: string }): string {
  return `<rect x="${round(x)}" y="${y}" width="${round(length)}" height="${barHeight}" fill="${fill}"/>`;
}

function text({
  x,
  y,
  body,
  attributes = "",
}: {
  x: number;
  y: number;
  body: string;
  attributes?: string | undefined;
}): string {
  const fill = attributes.includes("fill=") ? "" : ' fill="#1b1f24"';
  const escaped = body.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${round(x)}" y="${y}"${fill}${attributes === "" ? "" : ` ${attributes}`}>${escaped}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
