import path from "node:path";
import { startRegistry } from "@drayage-internal/peers/registry";
import type { Bar } from "../bars.ts";
import type { Bench, Place } from "../bench.ts";
import { drayEntry } from "../dray.ts";
import { removeLargeFiles } from "../folders.ts";
import { type LargeImage, nameInRegistry } from "../inputs.ts";
import { measure, registryEnvironment } from "../measure.ts";
import { nodeWithZstd } from "../nodes.ts";
import type { Row } from "../row.ts";
import { verifyImage } from "../verify.ts";
import { summaryOf } from "./pair-row.ts";

interface MemoryOptions {
  readonly name: string;
  readonly title: string;
  readonly from: (image: LargeImage, host: string) => string;
  readonly to: (folder: string, host: string) => string;
  readonly flags?: readonly string[] | undefined;
  readonly limit: number;
  readonly zstd?: boolean | undefined;
  /** The folder of the registry that it needs; that registry is the `host`. */
  registry?(bench: Bench, place: Place): Promise<string>;
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
  memoryRow({
    name: "memory-push",
    title: "oci-dir → docker://",
    from: ({ layout }) => layout,
    to: (_folder, host) => `docker://${host}/${nameInRegistry}`,
    flags: ["--dest-tls-verify=false"],
    limit: 100e6,
    registry: async (_bench, { folder }) => path.join(folder, "registry"),
  }),
  memoryRow({
    name: "memory-pull",
    title: "docker:// → oci-dir",
    from: (_image, host) => `docker://${host}/${nameInRegistry}`,
    to: toLayout,
    flags: ["--src-tls-verify=false"],
    limit: 100e6,
    registry: ({ inputs }) => inputs.largeRegistry(),
  }),
];

function memoryRow(options: MemoryOptions): Row {
  const { name, title, from, to, flags = [], limit, zstd } = options;
  const bar: Bar = { figure: "memory", limit };
  return {
    name,
    title,
    against: "",
    section: "memory",
    needs: ["skopeo", "gzip", "zstd", ...(options.registry ? (["docker-registry"] as const) : [])],
    bars: [bar],
    async run(bench) {
      const image = await bench.inputs.large();
      const { binary, note } = zstd ? await nodeWithZstd() : { binary: process.execPath };
      const place = bench.newPlace(name);
      try {
        const { folder, scratch } = place;
        const data = await options.registry?.(bench, place);
        await using registry = data === undefined ? undefined : await startRegistry({ folder: data });
        const host = registry?.host ?? "";
        const destination = to(folder, host);
        const args = [drayEntry(), "copy", "--quiet", ...flags, from(image, host), destination];
        const env = registry && registryEnvironment(scratch, bench.compiledCode);
        const taken = await measure({ program: binary, args, env }, place);
        const { diffIds } = image;
        await verifyImage(destination, { diffIds, scratch, flags: ["--src-tls-verify=false"] });
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
