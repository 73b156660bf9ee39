import { bytesBlob } from "@drayage/blob";
import { loadSys } from "@drayage/sys";
import {
  type EdgeConcern,
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

describe("a layer with", () => {
  it.each(edgeLayers.map((edge) => [edge.name, edge] as const))("%s", async (_, { below, tar, expected }) => {
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
  });
});
