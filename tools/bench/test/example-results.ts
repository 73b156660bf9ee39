import type { RowResult } from "../src/row.ts";

/** Results as a run gives them, with figures that were made up. */
export const exampleResults: readonly RowResult[] = [
  {
    state: "measured",
    name: "gzip",
    title: "docker-archive → oci-dir, gzip",
    against: "skopeo",
    section: "copies",
    bars: [
      { figure: "wall", limit: 0.8 },
      { figure: "memory", limit: 100e6 },
    ],
    figures: { wall: 0.7012, cpu: 0.65, bytes: 1.0049, memory: 120.4e6 },
    ours: { wallSeconds: 2.1, cpuSeconds: 3.9, peakBytes: 120.4e6, resultBytes: 159e6 },
    theirs: { wallSeconds: 3, cpuSeconds: 6, peakBytes: 56e6, resultBytes: 158e6 },
    samples: [],
    holds: false,
  },
  {
    state: "measured",
    name: "version",
    title: "dray --version",
    against: "node alone",
    section: "start-up",
    bars: [{ figure: "milliseconds", limit: 8 }],
    figures: { milliseconds: 3.96, memory: 40e6 },
    ours: { wallSeconds: 0.0365 },
    theirs: { wallSeconds: 0.0157 },
    baseline: { wallSeconds: 0.0325 },
    samples: [],
    note: "Node 24",
    holds: true,
  },
  {
    state: "skipped",
    name: "layer-gzip-pigz",
    title: "compress a layer, gzip",
    against: "pigz",
    section: "streams",
    bars: [],
    reason: "pigz is not installed (apt-get install pigz)",
  },
];
