import type { Bar, Figures } from "./bars.ts";
import type { Bench } from "./bench.ts";
import type { BenchPeer } from "./peers.ts";

/** The tables that the rows stand in, in their order. */
export const sections = {
  copies: "Whole copies",
  registries: "To and from a registry on this machine",
  streams: "One layer",
  unpack: "Layers unpacked",
  commits: "Images from files",
  "start-up": "Start-up",
  kernels: "Kernels, on one core",
  memory: "Peak memory with a layer of 3 GiB",
} as const;

export type SectionName = keyof typeof sections;

/** One comparison. */
export interface Row {
  /** What `--only` takes. */
  readonly name: string;
  readonly title: string;
  /** What it is compared with; nothing where the row is only held to a bar. */
  readonly against: string;
  readonly section: SectionName;
  /** The peers without which the row is skipped. */
  readonly needs: readonly BenchPeer[];
  readonly bars: readonly Bar[];
  /** Whether `--quick` runs it. */
  readonly quick?: boolean | undefined;
  /** Why the row cannot be run with this build, or undefined where it can. */
  unavailable?(): Promise<string | undefined>;
  run(bench: Bench): Promise<Outcome>;
}

/** Medians of one side. */
export interface Summary {
  readonly wallSeconds?: number | undefined;
  readonly cpuSeconds?: number | undefined;
  readonly peakBytes?: number | undefined;
  readonly resultBytes?: number | undefined;
  readonly bytesPerSecond?: number | undefined;
}

/** What came of a row. */
export interface Outcome {
  readonly figures: Figures;
  readonly ours: Summary;
  readonly theirs?: Summary | undefined;
  /** A Node that does nothing, where that is what ours is measured from. */
  readonly baseline?: Summary | undefined;
  /** Every single measurement, as it was taken. */
  readonly samples: unknown;
  /** What the reader of the table has to know: another Node than usual. */
  readonly note?: string | undefined;
}

interface RowFacts {
  readonly name: string;
  readonly title: string;
  readonly against: string;
  readonly section: SectionName;
  readonly bars: readonly Bar[];
}

export type RowResult =
  | (RowFacts & Outcome & { readonly state: "measured"; readonly holds: boolean })
  | (RowFacts & { readonly state: "skipped" | "failed"; readonly reason: string });

export type MeasuredRow = Extract<RowResult, { state: "measured" }>;
