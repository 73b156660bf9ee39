import { isDrayageError } from "@drayage/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type RebaseOptions, rebase } from "../src/index.ts";
import { imageOf, indexOf, layerOf, membersOf, type ReadBack, readBack, sourceOf } from "./support/images.ts";

const [one, two, three, own] = await Promise.all(
  ["one", "two", "three", "own"].map((name) => layerOf({ [name]: "" })),
);
if (one === undefined || two === undefined || three === undefined || own === undefined)
  throw new Error("no layer");

type Config = Readonly<Record<string, unknown>>;

const word = fc.constantFrom("a", "b", "c");
const words = fc.array(word, { minLength: 1, maxLength: 2 });
const names = fc.dictionary(word, fc.constant({}), { minKeys: 1 });
const config = fc.record(
  {
    Env: fc
      .dictionary(word, word, { minKeys: 1 })
      .map((env) => Object.entries(env).map(([k, v]) => `${k}=${v}`)),
    Labels: fc.dictionary(word, word, { minKeys: 1 }),
    ExposedPorts: names,
    Volumes: names,
    User: word,
    WorkingDir: word,
    StopSignal: word,
    StopTimeout: fc.integer({ min: 1, max: 3 }),
    Entrypoint: words,
    Cmd: words,
    Shell: words,
    Healthcheck: fc.record({ Test: words, Interval: fc.integer({ min: 1, max: 3 }) }),
  },
  { requiredKeys: [] },
);
const history = fc.array(fc.record({ created_by: word, empty_layer: fc.constant(true) }), { maxLength: 2 });

/** Images upon one another, of which all say something. */
const triple = fc
  .record({
    base: config,
    ours: config,
    theirs: config,
    kept: fc.boolean(),
    format: fc.constantFrom("oci" as const, "docker" as const),
    notes: fc.tuple(history, history, history),
  })
  .map(({ base, ours, theirs, kept, format, notes: [below, above, beside] }) => {
    const [layer, mine] = [{ created_by: "layer" }, { created_by: "own" }];
    const before = [...below, layer];
    // An image that is built upon a base says at first what the base says.
    const said = kept ? { ...base, ...ours } : ours;
    return {
      base,
      ours: said,
      theirs,
      oldImage: imageOf({ layers: [one], config: base, history: before, format }),
      newImage: imageOf({ layers: [two, three], config: theirs, history: [layer, ...beside, layer], format }),
      image: imageOf({ layers: [one, own], config: said, history: [...before, mine, ...above], format }),
    };
  });

async function rebasedOnto(
  image: Parameters<typeof rebase>[0],
  oldBase: Parameters<typeof sourceOf>[0],
  newBase: Parameters<typeof sourceOf>[0],
  conflicts: RebaseOptions["conflicts"],
) {
  return rebase(image, { oldBase: sourceOf(oldBase), newBase: sourceOf(newBase), conflicts });
}

/** What names a value in a config: `config.Env[a]`, `config.User`. */
function fieldsOf(of: Config): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(of)) {
    if (name === "Env") {
      for (const item of value as string[]) fields.set(`config.Env[${item.split("=")[0]}]`, item);
    } else if (["Labels", "ExposedPorts", "Volumes"].includes(name)) {
      for (const [key, item] of Object.entries(value as object)) {
        fields.set(`config.${name}[${key}]`, JSON.stringify(item));
      }
    } else fields.set(`config.${name}`, JSON.stringify(value));
  }
  return fields;
}

function expectAgreement({ manifest, diffIds, history: entries }: ReadBack): void {
  expect(diffIds).toHaveLength(manifest.layers.length);
  expect(entries.filter(({ empty_layer: empty }) => empty !== true)).toHaveLength(manifest.layers.length);
}

describe("of any images, rebase", () => {
  it("onto the base that the image has is the image", async () => {
    await fc.assert(
      fc.asyncProperty(triple, async ({ image, oldImage }) => {
        await using edited = await rebasedOnto(sourceOf(image), oldImage, oldImage, undefined);
        expect(edited.digest).toBe(image.digest);
        expect(edited.images[0]?.changes).toEqual([]);
      }),
    );
  });

  it("keeps layers, diffIDs and history in agreement, the base's first", async () => {
    await fc.assert(
      fc.asyncProperty(triple, async ({ image, oldImage, newImage }) => {
        await using edited = await rebasedOnto(sourceOf(image), oldImage, newImage, "ours");
        const after = await readBack(edited.source);
        expectAgreement(after);
        expect(after.diffIds).toEqual([two.diffId, three.diffId, own.diffId]);
        const base = await readBack(sourceOf(newImage));
        const before = await readBack(sourceOf(image));
        const tail = before.history.slice((await readBack(sourceOf(oldImage))).history.length);
        expect(after.history).toEqual([...base.history, ...tail]);
      }),
    );
  });

  it("there and back again gives every field that the new base does not say like the image", async () => {
    await fc.assert(
      fc.asyncProperty(triple, async ({ base, ours, theirs, image, oldImage, newImage }) => {
        await using there = await rebasedOnto(sourceOf(image), oldImage, newImage, "ours");
        await using back = await rebasedOnto(there.source, newImage, oldImage, "ours");
        const after = await readBack(back.source);
        const before = await readBack(sourceOf(image));
        expect(after.diffIds).toEqual(before.diffIds);
        expect(after.history).toEqual(before.history);
        const [was, is] = [fieldsOf(ours), fieldsOf(after.document.config)];
        const [below, other] = [fieldsOf(base), fieldsOf(theirs)];
        for (const field of new Set([...was.keys(), ...is.keys()])) {
          // What both changed alike cannot be told from what the base says.
          const isShared = was.get(field) === other.get(field) && was.get(field) !== below.get(field);
          if (!isShared) expect([field, is.get(field)]).toEqual([field, was.get(field)]);
        }
      }),
    );
  });

  it("names the fields that both changed, each otherwise, and no others", async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(triple, async ({ base, ours, theirs, image, oldImage, newImage }) => {
        const [below, mine, other] = [fieldsOf(base), fieldsOf(ours), fieldsOf(theirs)];
        const both = [...new Set([...below.keys(), ...mine.keys(), ...other.keys()])].filter((field) => {
          const values = [below.get(field), mine.get(field), other.get(field)];
          return new Set(values).size === 3;
        });
        // The arguments go with an entrypoint of the image's own.
        const entry = "config.Entrypoint";
        const isOwn = mine.get(entry) !== below.get(entry) && mine.get(entry) !== other.get(entry);
        const expected = both.filter((field) => !(isOwn && field === "config.Cmd")).sort();
        const error: unknown = await rebasedOnto(sourceOf(image), oldImage, newImage, undefined).catch(
          (caught: unknown) => caught,
        );
        const said = isDrayageError(error, "ERR_DRAYAGE_CONFLICT") ? error.message : undefined;
        if (said !== undefined) refused++;
        const named =
          said
            ?.replace(/^.* both changed /, "")
            .split(", ")
            .sort() ?? [];
        expect(named).toEqual(expected);
      }),
    );
    expect(refused).toBeGreaterThan(0);
  });

  it("of an index does to each image what it does to that image alone", async () => {
    const arm = { architecture: "arm64", os: "linux" };
    await fc.assert(
      fc.asyncProperty(triple, triple, async (first, second) => {
        const onArm = (input: Config, layers: readonly (typeof one)[]) =>
          imageOf({ layers, config: input, platform: arm });
        const images = [first.image, onArm(second.ours, [one, own])];
        const olds = [first.oldImage, onArm(second.base, [one])];
        const news = [first.newImage, onArm(second.theirs, [two])];
        await using all = await rebase(sourceOf(images, indexOf(images)), {
          oldBase: sourceOf(olds, indexOf(olds)),
          newBase: sourceOf(news, indexOf(news)),
          conflicts: "theirs",
        });
        const alone: string[] = [];
        for (const [at, image] of images.entries()) {
          const [oldImage, newImage] = [olds[at], news[at]];
          if (oldImage === undefined || newImage === undefined) throw new Error("no base");
          await using edited = await rebasedOnto(sourceOf(image), oldImage, newImage, "theirs");
          alone.push(edited.digest);
        }
        expect((await membersOf(all.source)).map(({ digest }) => digest)).toEqual(alone);
      }),
      { numRuns: 30 },
    );
  });
});
