import { bytesBlob } from "@drayage/blob";
import { loadSys } from "@drayage/sys";
import {
  type EdgeConcern,
  type EdgeLayer,
  edgeDifferences,
  edgeLayers,
  isRefusal,
  readEdgeFolder,
} from "@drayage/testkit/edge-layers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unpackImage } from "../src/index.ts";
import { type Playground, playground } from "./support/tree.ts";

const isRoot = process.geteuid?.() === 0;
const ignore: readonly EdgeConcern[] = [
  ...(isRoot ? [] : (["owners", "devices", "security-xattrs"] as const)),
  ...(loadSys() === undefined ? (["xattrs", "devices"] as const) : []),
];

let place: Playground;

beforeEach(() => {
  place = playground();
});

afterEach(() => {
  place.remove();
});

/** Whether its owner may look into all folders in the end; root always may. */
function canBeSeen({ expected }: EdgeLayer): boolean {
  const modes = isRefusal(expected) ? [] : [...expected.values()].filter(({ kind }) => kind === "folder");
  return isRoot || modes.every(({ mode = 0o755 }) => (mode & 0o500) === 0o500);
}

describe("a layer with", () => {
  it.skip.each(edgeLayers.filter((edge) => !canBeSeen(edge)))(
    "$name [skipped: it needs root]",
    () => undefined,
  );

  it.each(edgeLayers.filter(canBeSeen).map((edge) => [edge.name, edge] as const))(
    "%s",
    async (_, { below, tar, expected }) => {
      const layers = [...below, tar].map((bytes) => bytesBlob(bytes));
      const unpacked = unpackImage(layers, { root: place.root });
      if (isRefusal(expected)) {
        await expect(unpacked).rejects.toMatchObject({
          code: expected.code,
          message: expect.stringContaining(expected.names),
        });
        return;
      }
      await unpacked;
      expect(edgeDifferences(readEdgeFolder(place.root), expected, { ignore })).toEqual([]);
    },
  );
});
