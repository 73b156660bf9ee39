import type { Bar } from "../bars.ts";
import { drayEntry } from "../dray.ts";
import { removeLargeFiles } from "../folders.ts";
import type { LargeImage } from "../inputs.ts";
import { measure } from "../measure.ts";
import { nodeWithZstd } from "../nodes.ts";
import type { Row } from "../row.ts";
import { verifyImage } from "../verify.ts";
import { summaryOf } from "./pair-row.ts";

interface MemoryOptions {
  readonly name: string;
  readonly title: string;
  readonly from: (image: LargeImage) => string;
  readonly to: (folder: string) => string;
  readonly flags?: readonly string[] | undefined;
  readonly limit: number;
  readonly zstd?: boolean | undefined;
}

const toLayout = (folder: string): string => `oci:${folder}/image:copy`;

/** That memory does not grow with the size of a layer. */
export const memoryRows: readonly Row[] = [
  memoryRow({
    name: "memory-copy",
    title: "oci-dir → oci-dir",
    from: ({ layout }) => layout,
    to: toLayout,
    limit: 100e6,
  }),
  memoryRow({
    name: "memory-gzip",
    title: "tarball → oci-dir, gzip",
    from: ({ tarball }) => tarball,
    to: toLayout,
    limit: 100e6,
  }),
  memoryRow({
    name: "memory-zstd",
    title: "tarball → oci-dir, zstd",
    from: ({ tarball }) => tarball,
    to: toLayout,
    flags: ["--dest-compress-format", "zstd"],
    limit: 145e6,
    zstd: true,
  }),
  memoryRow({
    name: "memory-inflate",
    title: "oci-dir → docker-archive",
    from: ({ layout }) => layout,
    to: (folder) => `docker-archive:${folder}/image.tar:example.com/drayage/large:1`,
    limit: 100e6,
  }),
];

function memoryRow({ name, title, from, to, flags = [], limit, zstd }: MemoryOptions): Row {
  const bar: Bar = { figure: "memory", limit };
  return {
    name,
    title,
    against: "",
    section: "memory",
    needs: ["skopeo", "gzip", "zstd"],
    bars: [bar],
    async run(bench) {
      const image = await bench.inputs.large();
      const { binary, note } = zstd ? await nodeWithZstd() : { binary: process.execPath };
      const place = bench.newPlace(name);
      try {
        const destination = to(place.folder);
        const args = [drayEntry(), "copy", "--quiet", ...flags, from(image), destination];
        const taken = await measure({ program: binary, args }, place);
        await verifyImage(destination, { diffIds: image.diffIds, scratch: place.scratch });
        return {
          figures: { memory: taken.peakBytes },
          ours: summaryOf([taken]),
          samples: [taken],
          note,
        };
      } finally {
        removeLargeFiles(place.folder);
        removeLargeFiles(place.scratch);
      }
    },
  };
}
