import { run } from "@drayage-internal/peers/run";
import type { Bench } from "../bench.ts";
import { childProgram, drayEntry } from "../dray.ts";
import { type Command, type Measurement, measure } from "../measure.ts";
import { benchPeer } from "../peers.ts";
import type { Row } from "../row.ts";
import { median, medianDifference } from "../statistics.ts";

interface StartUpOptions {
  readonly name: string;
  readonly title: string;
  ours(bench: Bench): Promise<readonly string[]>;
  theirs(bench: Bench): Promise<readonly string[]>;
  /** What dray prints. */
  readonly prints: RegExp;
}

interface Round {
  readonly node: Measurement;
  readonly ours: Measurement;
  readonly theirs: Measurement;
}

/** Small commands, beside a Node that does nothing and beside skopeo. */
export const startUpRows: readonly Row[] = [
  startUpRow({
    name: "version",
    title: "dray --version",
    ours: async () => ["--version"],
    theirs: async () => ["--version"],
    prints: /^dray version \d+\.\d+\.\d+/,
  }),
  startUpRow({
    name: "inspect",
    title: "dray inspect oci:…",
    ours: async ({ inputs }) => ["inspect", await inputs.gzipLayout()],
    theirs: async ({ inputs }) => ["inspect", await inputs.gzipLayout()],
    prints: /"Digest": "sha256:[0-9a-f]{64}"/,
  }),
];

function startUpRow({ name, title, ours, theirs, prints }: StartUpOptions): Row {
  return {
    name,
    title,
    against: "node alone",
    section: "start-up",
    needs: ["skopeo"],
    bars: [{ figure: "milliseconds", limit: 8 }],
    quick: true,
    async run(bench) {
      const dray = [drayEntry(), ...(await ours(bench))];
      const commands = {
        node: { program: process.execPath, args: [childProgram("empty.cjs")] },
        ours: { program: process.execPath, args: dray },
        theirs: { program: benchPeer("skopeo"), args: await theirs(bench) },
      };
      const { stdout } = await run(process.execPath, dray);
      if (!prints.test(stdout)) throw new Error(`dray ${title} printed\n${stdout}`);
      const rounds = await takeRounds(bench, { name, commands });
      const milliseconds = medianDifference(
        rounds.map((round) => ({ ours: round.ours, theirs: round.node })),
        (one) => one.wallSeconds * 1000,
      );
      return {
        figures: { milliseconds, memory: Math.max(...rounds.map((round) => round.ours.peakBytes)) },
        ours: { wallSeconds: median(rounds.map((round) => round.ours.wallSeconds)) },
        theirs: { wallSeconds: median(rounds.map((round) => round.theirs.wallSeconds)) },
        baseline: { wallSeconds: median(rounds.map((round) => round.node.wallSeconds)) },
        samples: rounds,
      };
    },
  };
}

async function takeRounds(
  bench: Bench,
  { name, commands }: { name: string; commands: Readonly<Record<keyof Round, Command>> },
): Promise<readonly Round[]> {
  const place = bench.newPlace(name);
  const once = (side: keyof Round): Promise<Measurement> => measure(commands[side], place);
  const rounds: Round[] = [];
  // Two more than are counted: Node's compile cache is written by the first.
  for (let index = -2; index < bench.startPairs; index += 1) {
    const order = index % 2 === 0 ? (["node", "ours"] as const) : (["ours", "node"] as const);
    const [first, second] = [await once(order[0]), await once(order[1])];
    const theirs = await once("theirs");
    const [node, ours] = order[0] === "node" ? [first, second] : [second, first];
    if (index >= 0) rounds.push({ node, ours, theirs });
  }
  return rounds;
}
