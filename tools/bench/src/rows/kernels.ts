import { levels } from "@drayage/compression";
import { run } from "@drayage-internal/peers/run";
import type { Bar } from "../bars.ts";
import { childProgram } from "../dray.ts";
import type { LayerFiles } from "../inputs.ts";
import { measuringEnvironment } from "../measure.ts";
import type { Row } from "../row.ts";
import { median, medianRatio } from "../statistics.ts";

interface KernelOptions {
  /** As the child program knows it. */
  readonly kernel: string;
  readonly title: string;
  readonly against: string;
  readonly input: keyof LayerFiles;
  readonly bars: readonly Bar[];
  readonly quick?: boolean | undefined;
}

interface Taken {
  readonly cpuSeconds: number;
  readonly bytes: number;
  readonly resultBytes: number;
}

interface TakenPair {
  readonly ours: Taken;
  readonly theirs?: Taken | undefined;
}

/** The kernels beside what Node has for the same, by processor time. */
export const kernelRows: readonly Row[] = [
  kernelRow({
    kernel: "inflate",
    title: "inflate a gzip layer, with its crc32",
    against: "zlib.gunzipSync",
    input: "gzip",
    bars: [{ figure: "speed", limit: 1.3 }],
    quick: true,
  }),
  kernelRow({
    kernel: "deflate",
    title: `deflate at level ${levels.gzip.usual}, blocks of 1 MiB`,
    against: "zlib, level 4",
    input: "tar",
    bars: [
      { figure: "speed", limit: 1.4 },
      { figure: "bytes", limit: 1.01 },
    ],
    quick: true,
  }),
  kernelRow({ kernel: "crc32", title: "crc32", against: "zlib.crc32", input: "tar", bars: [] }),
  kernelRow({ kernel: "crc64", title: "crc64, ISO", against: "", input: "tar", bars: [] }),
  kernelRow({ kernel: "sha256", title: "sha256", against: "node:crypto", input: "tar", bars: [] }),
];

function kernelRow({ kernel, input, ...facts }: KernelOptions): Row {
  return {
    ...facts,
    name: `kernel-${kernel}`,
    section: "kernels",
    needs: ["skopeo"],
    async run(bench) {
      const layer = await bench.inputs.layer();
      const { scratch } = bench.newPlace(`kernel-${kernel}`);
      const args = [layer[input], bench.pace.pairs, bench.kernelBytes, levels.gzip.usual].map(String);
      const { stdout } = await run(process.execPath, [childProgram("kernels.mjs"), kernel, ...args], {
        env: measuringEnvironment(scratch),
      });
      const pairs = JSON.parse(stdout) as readonly TakenPair[];
      const contested = pairs.flatMap(({ ours, theirs }) => (theirs === undefined ? [] : [{ ours, theirs }]));
      const ours = median(pairs.map((pair) => speed(pair.ours)));
      const compared = contested.length > 0;
      return {
        figures: {
          rate: ours,
          speed: compared ? medianRatio(contested, speed) : undefined,
          bytes: kernel === "deflate" ? medianRatio(contested, (one) => one.resultBytes) : undefined,
        },
        ours: { bytesPerSecond: ours },
        theirs: compared
          ? { bytesPerSecond: median(contested.map((pair) => speed(pair.theirs))) }
          : undefined,
        samples: pairs,
      };
    },
  };
}

function speed({ bytes, cpuSeconds }: Taken): number {
  return bytes / cpuSeconds;
}
