/** What is measured of a row. `wall`, `cpu`, `bytes` are ours divided by the peer's, `speed` likewise but more is better. */
export interface Figures {
  readonly wall?: number | undefined;
  readonly cpu?: number | undefined;
  readonly bytes?: number | undefined;
  /** Our speed divided by the peer's. */
  readonly speed?: number | undefined;
  /** Our speed, in bytes a second. */
  readonly rate?: number | undefined;
  /** Our peak, in bytes. */
  readonly memory?: number | undefined;
  /** How many milliseconds longer ours takes. */
  readonly milliseconds?: number | undefined;
}

export type FigureName = keyof Figures;

/** What a figure should be. */
export interface Bar {
  readonly figure: FigureName;
  readonly limit: number;
}

const atLeast: ReadonlySet<FigureName> = new Set(["speed", "rate"]);

const labels: Readonly<Record<FigureName, string>> = {
  wall: "wall",
  cpu: "CPU",
  bytes: "bytes",
  speed: "speed",
  rate: "speed",
  memory: "memory",
  milliseconds: "above",
};

/** The bars that do not hold. A figure that was not measured holds none. */
export function missedBars(bars: readonly Bar[], figures: Figures): readonly Bar[] {
  return bars.filter(({ figure, limit }) => {
    const value = figures[figure] ?? Number.NaN;
    return atLeast.has(figure) ? !(value >= limit) : !(value <= limit);
  });
}

/** A bar in words: `wall ≤ 0.60`. */
export function barText({ figure, limit }: Bar): string {
  return `${labels[figure]} ${atLeast.has(figure) ? "≥" : "≤"} ${limitText(figure, limit)}`;
}

/** Whether all bars hold: `yes`, `no: CPU`, or nothing where there is none. */
export function verdict(bars: readonly Bar[], figures: Figures): string {
  if (bars.length === 0) return "";
  const missed = missedBars(bars, figures);
  return missed.length === 0 ? "yes" : `no: ${missed.map(({ figure }) => labels[figure]).join(", ")}`;
}

function limitText(figure: FigureName, limit: number): string {
  if (figure === "memory") return `${limit / 1e6} MB`;
  if (figure === "rate") return `${limit / 1e6} MB/s`;
  if (figure === "milliseconds") return `${limit} ms`;
  return figure === "speed" ? limit.toFixed(1) : limit.toFixed(2);
}
