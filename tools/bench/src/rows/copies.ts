import type { Bar } from "../bars.ts";
import { drayEntry, lackOfFlag } from "../dray.ts";
import type { Inputs } from "../inputs.ts";
import { nodeWithZstd } from "../nodes.ts";
import { benchPeer } from "../peers.ts";
import type { Row } from "../row.ts";
import { verifyImage } from "../verify.ts";
import { pairRow } from "./pair-row.ts";

interface CopyOptions {
  readonly name: string;
  readonly title: string;
  readonly from: (inputs: Inputs) => Promise<string>;
  /** The destination below an empty folder. */
  readonly to: (folder: string) => string;
  /** Flags of both. */
  readonly flags?: readonly string[] | undefined;
  /** Flags of dray alone. */
  readonly ourFlags?: readonly string[] | undefined;
  readonly bars: readonly Bar[];
  readonly quick?: boolean | undefined;
  readonly zstd?: boolean | undefined;
  unavailable?(): Promise<string | undefined>;
}

const copying: Bar = { figure: "memory", limit: 100e6 };
const withZstd: Bar = { figure: "memory", limit: 145e6 };

const toLayout = (folder: string): string => `oci:${folder}/image:copy`;

/** `dray copy` and `skopeo copy`. */
export const copyRows: readonly Row[] = [
  copyRow({
    name: "oci-dir",
    title: "oci-dir → oci-dir",
    from: (inputs) => inputs.gzipLayout(),
    to: toLayout,
    bars: [{ figure: "wall", limit: 0.6 }, { figure: "cpu", limit: 0.75 }, copying],
    quick: true,
  }),
  copyRow({
    name: "oci-dir-link",
    title: "oci-dir → oci-dir, by hard links",
    from: (inputs) => inputs.gzipLayout(),
    to: toLayout,
    ourFlags: ["--dest-link"],
    bars: [{ figure: "wall", limit: 0.25 }, copying],
    unavailable: () => lackOfFlag("dest-link"),
  }),
  copyRow({
    name: "gzip",
    title: "docker-archive → oci-dir, gzip",
    from: (inputs) => inputs.archive(),
    to: toLayout,
    bars: [{ figure: "wall", limit: 0.8 }, { figure: "bytes", limit: 1.01 }, copying],
    quick: true,
  }),
  copyRow({
    name: "zstd",
    title: "docker-archive → oci-dir, zstd",
    from: (inputs) => inputs.archive(),
    to: toLayout,
    flags: ["--dest-compress-format", "zstd"],
    bars: [{ figure: "wall", limit: 0.8 }, { figure: "bytes", limit: 1.03 }, withZstd],
    quick: true,
    zstd: true,
  }),
  copyRow({
    name: "docker-archive",
    title: "oci-dir → docker-archive",
    from: (inputs) => inputs.gzipLayout(),
    to: (folder) => `docker-archive:${folder}/image.tar:example.com/drayage/copy:1`,
    bars: [{ figure: "wall", limit: 0.45 }, copying],
    quick: true,
  }),
  copyRow({
    name: "recompress",
    title: "oci-dir, zstd → oci-dir, gzip",
    from: (inputs) => inputs.zstdLayout(),
    to: toLayout,
    flags: ["--dest-compress-format", "gzip"],
    ourFlags: ["--dest-force-compress-format"],
    bars: [withZstd],
    zstd: true,
  }),
  copyRow({
    name: "oci-archive",
    title: "docker-archive → oci-archive, gzip",
    from: (inputs) => inputs.archive(),
    to: (folder) => `oci-archive:${folder}/image.tar:copy`,
    bars: [copying],
  }),
  copyRow({
    name: "to-dir",
    title: "oci-dir → dir",
    from: (inputs) => inputs.gzipLayout(),
    to: (folder) => `dir:${folder}/image`,
    bars: [copying],
  }),
  copyRow({
    name: "from-dir",
    title: "dir → oci-dir",
    from: (inputs) => inputs.directory(),
    to: toLayout,
    bars: [copying],
  }),
];

function copyRow({ from, to, flags = [], ourFlags = [], zstd, ...facts }: CopyOptions): Row {
  return pairRow({
    ...facts,
    against: "skopeo",
    section: "copies",
    needs: ["skopeo", "gzip", "zstd"],
    async prepare({ inputs }) {
      const [source, diffIds] = [await from(inputs), await inputs.diffIds()];
      const { binary, note } = zstd ? await nodeWithZstd() : { binary: process.execPath };
      return {
        note,
        ours: ({ folder }) => ({
          program: binary,
          args: [drayEntry(), "copy", "--quiet", ...flags, ...ourFlags, source, to(folder)],
        }),
        theirs: ({ folder }) => ({
          program: benchPeer("skopeo"),
          args: ["--insecure-policy", "copy", "--quiet", ...flags, source, to(folder)],
        }),
        verify: ({ folder, scratch }) => verifyImage(to(folder), { diffIds, scratch }),
      };
    },
  });
}
