import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { inflated } from "@drayage/blob";
import { digestBytes } from "@drayage/digest";
import { loadSys } from "@drayage/sys";
import {
  type EdgeConcern,
  type EdgeLayer,
  edgeDifferences,
  edgeLayers,
  isRefusal,
  readEdgeFolder,
} from "@drayage/testkit/edge-layers";
import { unpackImage } from "@drayage/unpack";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Edited, flatten, normalize, squash } from "../src/index.ts";
import { imageOf, readBack, sourceOf, type TestLayer } from "./support/images.ts";

const isRoot = process.geteuid?.() === 0;
const ignore: readonly EdgeConcern[] = [
  ...(isRoot ? [] : (["owners", "devices", "security-xattrs"] as const)),
  ...(loadSys() === undefined ? (["xattrs", "devices"] as const) : []),
];

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "drayage-"));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function layerOf(tar: Uint8Array): TestLayer {
  const digest = digestBytes(tar);
  return { tar, bytes: tar, digest, diffId: digest, compression: "none" };
}

function isPlain({ expected }: EdgeLayer): boolean {
  const modes = isRefusal(expected) ? [] : [...expected.values()].filter(({ kind }) => kind === "folder");
  return isRoot || modes.every(({ mode = 0o755 }) => (mode & 0o500) === 0o500);
}

async function unpack(edited: Edited): Promise<void> {
  const { manifest } = await readBack(edited.source);
  const blobs = [];
  for (const layer of manifest.layers) blobs.push(inflated(await edited.source.blob(layer)));
  await unpackImage(blobs, { root });
}

type Source = ReturnType<typeof sourceOf>;

const edits: readonly [
  name: string,
  edit: (source: Source) => Promise<Edited>,
  ignored: readonly EdgeConcern[],
][] = [
  ["flattened", (source) => flatten(source), []],
  ["squashed from layer 2 on", (source) => squash(source, { fromLayer: 2 }), []],
  ["normalized", (source) => normalize(source), ["times"]],
];

/** What is below is not looked at, so that it may be there. What comes later takes the link's place. */
const unseen: ReadonlySet<string> = new Set(["a hard link to nothing, in the place of which comes a file"]);

describe.each(edits)("%s, a layer with", (edited, edit, ignored) => {
  it.each(edgeLayers.filter(isPlain).map((edge) => [edge.name, edge] as const))(
    "%s",
    async (name, { below, tar, expected }) => {
      // An empty one at the bottom and on top, so that there is always something to be made one.
      const empty = new Uint8Array(1024);
      const layers = [empty, ...below, tar, empty].map(layerOf);
      const source = sourceOf(imageOf({ layers }));
      const work = async (): Promise<void> => {
        await using edited = await edit(source);
        await unpack(edited);
      };
      if (isRefusal(expected)) {
        if (edited !== "flattened" && unseen.has(name)) return;
        await expect(work()).rejects.toMatchObject({
          code: expect.stringMatching(/^ERR_DRAYAGE_/) as string,
        });
        return;
      }
      await work();
      const options = { ignore: [...ignore, ...ignored] };
      expect(edgeDifferences(readEdgeFolder(root), expected, options)).toEqual([]);
    },
  );
});
