import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { run } from "@drayage-internal/peers/run";
import type { Bench } from "../bench.ts";
import { childProgram, drayEntry } from "../dray.ts";
import { pathOf } from "../inputs.ts";
import type { Command } from "../measure.ts";
import { readManifestFile } from "../peer-copy.ts";
import { benchPeer } from "../peers.ts";
import type { Row } from "../row.ts";
import { contentHash } from "../verify.ts";
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
      const { layout, expected } = await unpacking(bench);
      return {
        ours: ({ folder }) => program("together", pathOf(layout), folder),
        theirs: ({ folder }) => umociUnpack(layout, folder),
        verify: ({ folder }) => requireFiles([folder, path.join(folder, "bundle/rootfs")], expected.together),
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
      const { layout, expected } = await unpacking(bench);
      const diffIds = await bench.inputs.diffIds();
      return {
        ours: ({ folder }) => program("apart", pathOf(layout), folder),
        theirs: ({ folder }) =>
          inOwnMounts([
            ...[benchPeer("skopeo"), "--insecure-policy", "copy", "--quiet", layout],
            imageInStore(folder),
          ]),
        async verify({ folder }) {
          const layers = path.join(folder, "root/overlay-layers/layers.json");
          const found = readOptional(layers);
          if (found !== undefined) {
            if (diffIds.every((diffId) => found.includes(diffId))) return;
            throw new Error(`${layers} lacks a layer`);
          }
          for (const [index, tree] of expected.apart.entries()) {
            await requireFiles([path.join(folder, `${index}`)], tree);
          }
        },
      };
    },
  }),
  pairRow({
    name: "unpack-command",
    title: "oci-dir → a folder, by `dray unpack`",
    against: "umoci unpack",
    section: "unpack",
    needs: ["skopeo", "umoci", "tar"],
    bars: [
      { figure: "wall", limit: 0.45 },
      { figure: "memory", limit: 120e6 },
    ],
    unavailable: lackOfRoot,
    async prepare(bench): Promise<Pair> {
      const { layout, expected } = await unpacking(bench);
      return {
        ours: ({ folder }) => ({
          program: process.execPath,
          args: [drayEntry(), "unpack", layout, path.join(folder, "rootfs")],
        }),
        theirs: ({ folder }) => umociUnpack(layout, folder),
        verify: ({ folder }) =>
          requireFiles(
            ["rootfs", "bundle/rootfs"].map((name) => path.join(folder, name)),
            expected.together,
          ),
      };
    },
  }),
  pairRow({
    name: "store-import",
    title: "oci-dir → containers-storage, overlay",
    against: "skopeo",
    section: "unpack",
    needs: ["skopeo", "unshare"],
    bars: [
      { figure: "wall", limit: 0.4 },
      { figure: "memory", limit: 130e6 },
    ],
    sizeVaries: true,
    unavailable: lackOfRoot,
    async prepare(bench): Promise<Pair> {
      const layout = await bench.inputs.gzipLayout();
      const diffIds = await bench.inputs.diffIds();
      const copy = ["--insecure-policy", "copy", "--quiet"];
      return {
        ours: ({ folder }) =>
          inOwnMounts([process.execPath, drayEntry(), ...copy, layout, imageInStore(folder)]),
        theirs: ({ folder }) => inOwnMounts([benchPeer("skopeo"), ...copy, layout, imageInStore(folder)]),
        async verify({ folder, scratch }) {
          const verified = path.join(scratch, "verified");
          const skopeo = [benchPeer("skopeo"), ...copy, imageInStore(folder), `dir:${verified}`];
          await run(benchPeer("unshare"), ["--mount", ...skopeo]);
          const { layers } = readManifestFile(path.join(verified, "manifest.json"));
          const files = layers.map(({ digest }) => path.join(verified, digest.replace("sha256:", "")));
          const found = await Promise.all(files.map(async (file) => `sha256:${await contentHash(file)}`));
          if (found.join() === diffIds.join()) return;
          throw new Error(`the store in ${folder} gives layers ${found.join(", ")}`);
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
        verify: ({ folder }) => requireFiles([folder], expected ?? ""),
      };
    },
  }),
];

/** What is unpacked, and what it has to be then. */
async function unpacking(
  bench: Bench,
): Promise<{ readonly layout: string; readonly expected: UnpackedByTar }> {
  return { layout: await bench.inputs.gzipLayout(), expected: await unpackedByTar(bench) };
}

function umociUnpack(layout: string, folder: string): Command {
  return {
    program: benchPeer("umoci"),
    args: ["unpack", "--image", layout.replace("oci:", ""), path.join(folder, "bundle")],
  };
}

/** That one of the folders, ours or the other tool's, has the same files as what GNU tar unpacked. */
async function requireFiles(folders: readonly string[], expected: string): Promise<void> {
  const wanted = await fingerprint(expected);
  if ((await Promise.all(folders.map(fingerprint))).includes(wanted)) return;
  throw new Error(`${folders.join(" or ")} has other files than GNU tar makes of the layers`);
}

function imageInStore(folder: string): string {
  return `containers-storage:[overlay@${folder}/root+${folder}/run]example.com/drayage/copy:1`;
}

/** The store's driver leaves a mount, which is gone with its namespace. */
function inOwnMounts(words: readonly string[]): Command {
  return {
    program: benchPeer("unshare"),
    args: ["--mount", ...words],
    env: { _CONTAINERS_ROOTLESS_UID: "" },
  };
}

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
