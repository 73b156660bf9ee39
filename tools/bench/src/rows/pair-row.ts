import type { Bar, Figures } from "../bars.ts";
import type { Bench, Place } from "../bench.ts";
import { removeLargeFiles } from "../folders.ts";
import { interleave } from "../interleave.ts";
import { type Command, type Measurement, measure, settle } from "../measure.ts";
import type { BenchPeer } from "../peers.ts";
import type { Row, SectionName, Summary } from "../row.ts";
import { median, medianRatio, type Paired } from "../statistics.ts";

/** Two programs that do the same, each to a place of its own. */
export interface Pair {
  ours(place: Place): Command | Promise<Command>;
  theirs(place: Place): Command | Promise<Command>;
  /** Throws where the result in the place is wrong. */
  verify(place: Place): Promise<void>;
  readonly note?: string | undefined;
}

export interface PairRowOptions {
  readonly name: string;
  readonly title: string;
  readonly against: string;
  readonly section: SectionName;
  readonly needs: readonly BenchPeer[];
  readonly bars: readonly Bar[];
  readonly quick?: boolean | undefined;
  /** Whether it takes milliseconds, so that it is run more often. */
  readonly short?: boolean | undefined;
  /** Set where equal runs need not give results of equal size, as where these hold times. */
  readonly sizeVaries?: boolean | undefined;
  unavailable?(): Promise<string | undefined>;
  prepare(bench: Bench): Promise<Pair>;
}

/** A row that runs two programs in turn, and verifies a result. */
export function pairRow({ prepare, short, sizeVaries, ...facts }: PairRowOptions): Row {
  return {
    ...facts,
    async run(bench) {
      const pair = await prepare(bench);
      const places: Place[] = [];

      function taking(side: "ours" | "theirs") {
        return async (): Promise<Measurement> => {
          const place = bench.newPlace(`${facts.name}-${side}`);
          places.push(place);
          await settle(place.folder);
          return measure(await pair[side](place), place);
        };
      }

      const sides = { ours: taking("ours"), theirs: taking("theirs") };
      try {
        if (bench.warmUp) await interleave(sides, { pairs: 1 });
        const pairs = await interleave(sides, short ? { pairs: bench.startPairs } : bench.pace);
        if (!sizeVaries) checkSizes(pairs);
        // The first pair is A B.
        for (const place of places.slice(0, bench.verifiesPeer ? 2 : 1)) await pair.verify(place);
        return {
          figures: figuresOf(pairs),
          ours: summaryOf(pairs.map(({ ours }) => ours)),
          theirs: summaryOf(pairs.map(({ theirs }) => theirs)),
          samples: pairs,
          note: pair.note,
        };
      } finally {
        for (const { folder, scratch } of places) {
          removeLargeFiles(folder);
          removeLargeFiles(scratch);
        }
      }
    },
  };
}

/** One result of ours is verified; that the others are as long as it is at least tells that nothing was cut short. */
function checkSizes(pairs: readonly Paired<Measurement>[]): void {
  const sizes = new Set(pairs.map(({ ours }) => ours.resultBytes));
  if (sizes.size > 1) throw new Error(`equal runs gave results of ${[...sizes].join(" and ")} bytes`);
}

function figuresOf(pairs: readonly Paired<Measurement>[]): Figures {
  const bytes = medianRatio(pairs, (one) => one.resultBytes);
  return {
    wall: medianRatio(pairs, (one) => one.wallSeconds),
    cpu: medianRatio(pairs, (one) => one.cpuSeconds),
    bytes: Number.isFinite(bytes) ? bytes : undefined,
    memory: Math.max(...pairs.map(({ ours }) => ours.peakBytes)),
  };
}

/** The medians of one side, and the most memory that any of its runs took. */
export function summaryOf(measurements: readonly Measurement[]): Summary {
  return {
    wallSeconds: median(measurements.map((one) => one.wallSeconds)),
    cpuSeconds: median(measurements.map((one) => one.cpuSeconds)),
    peakBytes: Math.max(...measurements.map((one) => one.peakBytes)),
    resultBytes: median(measurements.map((one) => one.resultBytes)),
  };
}
