import { describe, expect, it } from "vitest";
import { flatten, squash } from "../src/index.ts";
import { entriesIn, type Files, imageOf, layerOf, readBack, sourceOf } from "./support/images.ts";

/** What layers are made of: with another below them, which stays, and without. */
async function madeOf(...layers: readonly Files[]): Promise<{
  readonly squashed: readonly string[];
  readonly flattened: readonly string[];
}> {
  const below = { base: "b" };
  const [upper, whole] = [
    await Promise.all([below, ...layers].map((files) => layerOf(files))),
    await Promise.all(layers.map((files) => layerOf(files))),
  ];
  await using squashed = await squash(sourceOf(imageOf({ layers: upper })), { fromLayer: 2 });
  await using flattened = await flatten(sourceOf(imageOf({ layers: whole })));
  const top = (await readBack(squashed.source)).manifest.layers[1];
  const only = (await readBack(flattened.source)).manifest.layers[0];
  if (top === undefined || only === undefined) throw new Error("no layer");
  return {
    squashed: await entriesIn(squashed.source, top),
    flattened: await entriesIn(flattened.source, only),
  };
}

describe("of layers that become one", () => {
  const cases: readonly [what: string, layers: readonly Files[], squashed: string[], flattened?: string[]][] =
    [
      [
        "aufs' own files are left out",
        [{ a: "1" }, { ".wh..wh.plnk": "", "b/.wh..wh.aufs": "", "b/c": "2" }],
        ["a=1", "b/c=2"],
      ],
      [
        "a folder is gone that a layer takes away after what is in it",
        [{ "d/x": "1" }, { "d/.wh.x": "", ".wh.d": "", e: "2" }],
        [".wh.d", "e=2"],
        ["e=2"],
      ],
      [
        "a folder that a layer takes away keeps what the layer has in it, and nothing of what it was",
        [
          { "d/": "", "d/old": "1" },
          { "d/new": "2", ".wh.d": "" },
        ],
        [".wh.d", "d/new=2"],
        ["d/new=2"],
      ],
      [
        "a hard link is to a file that absolute links lead to",
        [{ "x/": "", "x/f": "1", "y/": "", "y/l": "-> /x" }, { h: "=> y/l/f" }],
        ["x/", "y/", "h=1", "x/f=>h", "y/l->/x"],
      ],
      [
        "files behind absolute links are where these lead",
        [{ "x/": "", "y/": "", "y/l": "-> /x" }, { "y/l/f": "1" }],
        ["x/", "y/", "y/l->/x", "x/f=1"],
      ],
    ];
  it.each(cases)("%s", async (_, layers, squashed, flattened = squashed) => {
    expect(await madeOf(...layers)).toEqual({ squashed, flattened });
  });
});
