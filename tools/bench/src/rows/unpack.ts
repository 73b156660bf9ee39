import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { run } from "@drayage-internal/peers/run";
import type { Bench } from "../bench.ts";
import { childProgram } from "../dray.ts";
import { pathOf } from "../inputs.ts";
import { benchPeer } from "../peers.ts";
import type { Row } from "../row.ts";
import { type Pair, pairRow } from "./pair-row.ts";

/** Whoever is not root cannot make what layers have. */
async function lackOfRoot(): Promise<string | undefined> {
  return process.getuid?.() === 0 ? undefined : "it needs root";
}

const program = (...args: readonly string[]) => ({
  program: process.execPath,
  args: [childProgram("unpack.mjs"), ...args],
});

/** Layers as files in folders. */
export const unpackRows: readonly Row[] = [
  pairRow({
    name: "unpack-folder",
    title: "oci-dir → a folder",
    against: "umoci unpack",
    section: "unpack",
    needs: ["skopeo", "umoci", "tar"],
    bars: [
      { figure: "wall", limit: 0.45 },
      { figure: "memory", limit: 100e6 },
    ],
    unavailable: lackOfRoot,
    async prepare(bench): Promise<Pair> {
      const layout = await bench.inputs.gzipLayout();
      const expected = await unpackedByTar(bench);
      return {
        ours: ({ folder }) => program("together", pathOf(layout), folder),
        theirs: ({ folder }) => ({
          program: benchPeer("umoci"),
          args: ["unpack", "--image", layout.replace("oci:", ""), path.join(folder, "bundle")],
        }),
        async verify({ folder }) {
          const found = [folder, path.join(folder, "bundle/rootfs")].map(fingerprint);
          if (!(await Promise.all(found)).includes(await fingerprint(expected.together))) {
            throw new Error(`${folder} has other files than GNU tar makes of the layers`);
          }
        },
      };
    },
  }),
  pairRow({
    name: "unpack-overlay",
    title: "oci-dir → folders for overlayfs and tar-split",
    against: "skopeo → containers-storage",
    section: "unpack",
    needs: ["skopeo", "unshare", "tar"],
    bars: [
      { figure: "wall", limit: 0.4 },
      { figure: "memory", limit: 120e6 },
    ],
    unavailable: lackOfRoot,
    async prepare(bench): Promise<Pair> {
      const layout = await bench.inputs.gzipLayout();
      const expected = await unpackedByTar(bench);
      const diffIds = await bench.inputs.diffIds();
      const store = (folder: string): string => `overlay@${folder}/root+${folder}/run`;
      return {
        ours: ({ folder }) => program("apart", pathOf(layout), folder),
        // The store's driver leaves a mount, which is gone with its namespace.
        theirs: ({ folder }) => ({
          program: benchPeer("unshare"),
          args: [
            ...["--mount", benchPeer("skopeo"), "--insecure-policy", "copy", "--quiet", layout],
            `containers-storage:[${store(folder)}]example.com/drayage/copy:1`,
          ],
          env: { _CONTAINERS_ROOTLESS_UID: "" },
        }),
        async verify({ folder }) {
          const layers = path.join(folder, "root/overlay-layers/layers.json");
          const found = readOptional(layers);
          if (found !== undefined) {
            if (diffIds.every((diffId) => found.includes(diffId))) return;
            throw new Error(`${layers} lacks a layer`);
          }
          for (const [index, tree] of expected.apart.entries()) {
            const own = path.join(folder, `${index}`);
            if ((await fingerprint(own)) === (await fingerprint(tree))) continue;
            throw new Error(`${own} has other files than GNU tar makes of the layer`);
          }
        },
      };
    },
  }),
  pairRow({
    name: "unpack-layer",
    title: "unpack a gzip layer",
    against: "tar --extract --gzip",
    section: "unpack",
    needs: ["skopeo", "tar", "gzip"],
    bars: [
      { figure: "wall", limit: 0.95 },
      { figure: "memory", limit: 100e6 },
    ],
    unavailable: lackOfRoot,
    async prepare(bench): Promise<Pair> {
      const { gzip } = await bench.inputs.layer();
      const all = await bench.inputs.layers();
      const expected = (await unpackedByTar(bench)).apart[all.findIndex((layer) => layer.gzip === gzip)];
      return {
        ours: ({ folder }) => program("layer", gzip, folder),
        theirs: ({ folder }) => ({
          program: benchPeer("tar"),
          args: [...tarFlags, "--gzip", "--directory", folder, "--file", gzip],
        }),
        async verify({ folder }) {
          if ((await fingerprint(folder)) === (await fingerprint(expected ?? ""))) return;
          throw new Error(`${folder} has other files than GNU tar makes of ${gzip}`);
        },
      };
    },
  }),
];

const tarFlags = ["--extract", "--same-permissions", "--same-owner", "--numeric-owner"];

interface UnpackedByTar {
  readonly together: string;
  readonly apart: readonly string[];
}

const unpackedFor = new WeakMap<Bench, Promise<UnpackedByTar>>();

/** The layers as GNU tar unpacks them, one on the other and each by itself. They have no whiteouts. */
function unpackedByTar(bench: Bench): Promise<UnpackedByTar> {
  const known = unpackedFor.get(bench) ?? unpackByTar(bench);
  unpackedFor.set(bench, known);
  return known;
}

async function unpackByTar(bench: Bench): Promise<UnpackedByTar> {
  const { folder } = bench.newPlace("unpacked-by-tar");
  const together = path.join(folder, "together");
  const apart: string[] = [];
  mkdirSync(together);
  for (const [index, { tar }] of (await bench.inputs.layers()).entries()) {
    const own = path.join(folder, `${index}`);
    mkdirSync(own);
    apart.push(own);
    for (const target of [together, own]) {
      await run(benchPeer("tar"), [...tarFlags, "--directory", target, "--file", tar]);
    }
  }
  return { together, apart };
}

/**
 * Everything below a folder in a few characters: names, kinds, modes, owners, links, contents, and the times of all but folders,
 * some of which GNU tar forgets.
 */
async function fingerprint(folder: string): Promise<string> {
  const script = [
    'cd "$1" 2>/dev/null || exit 0',
    "{ find . -mindepth 1 -printf '%P|%y|%m|%U:%G|%n|%l\\0' | sort -z",
    "find . -not -type d -printf '%P|%T@\\0' | sort -z",
    "find . -type f -print0 | sort -z | xargs -0 --no-run-if-empty sha256sum; } | sha256sum",
  ].join("\n");
  const { stdout } = await run("bash", ["-c", script, "bash", folder], { env: { LC_ALL: "C" } });
  return stdout;
}

function readOptional(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
