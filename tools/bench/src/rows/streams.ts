import { readFileSync } from "node:fs";
import path from "node:path";
import type { Bar } from "../bars.ts";
import type { Bench } from "../bench.ts";
import { childProgram } from "../dray.ts";
import { nodeWithZstd } from "../nodes.ts";
import { type BenchPeer, benchPeer } from "../peers.ts";
import type { Row } from "../row.ts";
import { verifyContent } from "../verify.ts";
import { type Pair, pairRow } from "./pair-row.ts";

interface DeflateOptions {
  readonly algorithm: "gzip" | "zstd";
  readonly peer: BenchPeer;
  readonly peerFlags: readonly string[];
}

interface InflateOptions {
  readonly format: "gzip" | "zstd";
  readonly peer: BenchPeer;
}

const usual: Bar = { figure: "memory", limit: 100e6 };
const withZstd: Bar = { figure: "memory", limit: 145e6 };

/** Our libraries in a small program, beside the programs for one task. */
export const streamRows: readonly Row[] = [
  deflateRow({ algorithm: "gzip", peer: "pigz", peerFlags: ["-4"] }),
  deflateRow({ algorithm: "gzip", peer: "gzip", peerFlags: ["-4"] }),
  deflateRow({ algorithm: "zstd", peer: "zstd", peerFlags: ["-3", "-T0"] }),
  inflateRow({ format: "gzip", peer: "pigz" }),
  inflateRow({ format: "gzip", peer: "gzip" }),
  inflateRow({ format: "zstd", peer: "zstd" }),
  pairRow({
    name: "layer-tar-list",
    title: "list a gzip layer's entries",
    against: "GNU tar",
    section: "streams",
    needs: ["skopeo", "tar", "gzip"],
    bars: [],
    async prepare({ inputs }) {
      const { gzip } = await inputs.layer();
      const list = (folder: string): string => path.join(folder, "names");
      const peerArgs = ["--list", "--gzip", "--quoting-style=literal", "--file", gzip];
      const namesIn = (folder: string): string => readFileSync(list(folder), "utf8");
      let first: string | undefined;
      return {
        ours: ({ folder }) => ({
          program: process.execPath,
          args: [childProgram("list-entries.mjs"), gzip],
          stdout: list(folder),
        }),
        theirs: ({ folder }) => ({ program: benchPeer("tar"), args: peerArgs, stdout: list(folder) }),
        async verify({ folder }) {
          first ??= namesIn(folder);
          if (namesIn(folder) !== first) throw new Error(`GNU tar lists other names of ${gzip}`);
        },
      };
    },
  }),
];

function deflateRow({ algorithm, peer, peerFlags }: DeflateOptions): Row {
  return pairRow({
    name: `layer-${algorithm}-${peer}`,
    title: `compress a layer, ${algorithm}`,
    against: [peer, ...peerFlags].join(" "),
    section: "streams",
    needs: ["skopeo", "gzip", "zstd", peer],
    bars: [algorithm === "zstd" ? withZstd : usual],
    async prepare({ inputs }): Promise<Pair> {
      const { tar } = await inputs.layer();
      const { binary, note } =
        algorithm === "zstd" ? await nodeWithZstd() : { binary: process.execPath, note: undefined };
      const result = (folder: string): string => path.join(folder, "layer");
      return {
        note,
        ours: ({ folder }) => ({
          program: binary,
          args: [childProgram("deflate-file.mjs"), algorithm, tar, result(folder)],
        }),
        theirs: ({ folder }) => ({
          program: benchPeer(peer),
          args: [...peerFlags, "--stdout", tar],
          stdout: result(folder),
        }),
        verify: ({ folder }) => verifyContent(result(folder), tar),
      };
    },
  });
}

function inflateRow({ format, peer }: InflateOptions): Row {
  return pairRow({
    name: `layer-inflate-${format}-${peer}`,
    title: `inflate a layer, ${format}`,
    against: `${peer} -d`,
    section: "streams",
    needs: ["skopeo", "gzip", "zstd", peer],
    bars: [format === "zstd" ? withZstd : usual],
    async prepare({ inputs }: Bench): Promise<Pair> {
      const layer = await inputs.layer();
      const { binary, note } =
        format === "zstd" ? await nodeWithZstd() : { binary: process.execPath, note: undefined };
      const result = (folder: string): string => path.join(folder, "layer.tar");
      return {
        note,
        ours: ({ folder }) => ({
          program: binary,
          args: [childProgram("inflate-file.mjs"), layer[format], result(folder)],
        }),
        theirs: ({ folder }) => ({
          program: benchPeer(peer),
          args: ["--decompress", "--stdout", layer[format]],
          stdout: result(folder),
        }),
        verify: ({ folder }) => verifyContent(result(folder), layer.tar),
      };
    },
  });
}
