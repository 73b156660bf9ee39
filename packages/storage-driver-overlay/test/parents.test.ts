import { readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStore, type Store } from "@drayage/storage";
import { describe, expect, it } from "vitest";
import { overlayDriver } from "../src/index.ts";
import { all } from "./support/all.ts";
import { idOf } from "./support/ids.ts";
import { named, whyNoOverlay } from "./support/machine.ts";
import { mountsBelow, newFolder } from "./support/store.ts";
import { pathsIn } from "./support/tree.ts";

const [a, b, c] = [idOf("a"), idOf("b"), idOf("c")];

interface Damaged {
  readonly folder: string;
  readonly store: Store;
  at(...names: string[]): string;
  /** What the layer's file `link` said before the damage. */
  readonly links: { readonly a: string; readonly b: string; readonly c: string };
}

/** A layer of one file on another, twice. */
async function chainOfThree(): Promise<Damaged> {
  const folder = newFolder();
  const graphRoot = join(folder, "root");
  const store = await openStore({ driver: overlayDriver(), graphRoot, runRoot: join(folder, "run") });
  const at = (...names: string[]): string => join(graphRoot, "overlay", ...names);
  await store.createLayer({ id: a });
  await store.createLayer({ id: b, parent: a });
  await store.createLayer({ id: c, parent: b });
  for (const id of [a, b, c]) writeFileSync(at(id, "diff", `of-${id[0]}`), "");
  const linkOf = (id: string): string => readFileSync(at(id, "link"), "utf8");
  return { folder, store, at, links: { a: linkOf(a), b: linkOf(b), c: linkOf(c) } };
}

function pointTo({ at }: Damaged, link: string, id: string): void {
  rmSync(at("l", link));
  symlinkSync(`../${id}/diff`, at("l", link));
}

interface Kind {
  readonly name: string;
  damage(store: Damaged): void;
  /** The file and the layer of each finding. */
  findings(store: Damaged): readonly (readonly [path: string, id: string])[];
  /** What the sentence of the first one says. */
  readonly says: string;
  /** Whether the kernel's mount would not show the whole tree. A lost link that can be made anew is. */
  readonly refused: boolean;
}

const lowerOfTop = ({ at }: Damaged): readonly (readonly [string, string])[] => [[at(c, "lower"), c]];

const kinds: readonly Kind[] = [
  {
    name: "a file `lower` that is gone",
    damage: ({ at }) => rmSync(at(c, "lower")),
    findings: lowerOfTop,
    says: "has 0 of its parents, and its record 2",
    refused: true,
  },
  {
    name: "a file `lower` that lacks a layer",
    damage: ({ at, links }) => writeFileSync(at(c, "lower"), `l/${links.b}`),
    findings: lowerOfTop,
    says: "has 1 of its parents, and its record 2",
    refused: true,
  },
  {
    name: "a file `lower` in another order",
    damage: ({ at, links }) => writeFileSync(at(c, "lower"), `l/${links.a}:l/${links.b}`),
    findings: lowerOfTop,
    says: `has as parent 1 ${a}, and its record ${b}`,
    refused: true,
  },
  {
    name: "a file `lower` of garbage",
    damage: ({ at }) => writeFileSync(at(c, "lower"), "\0\0\0\0"),
    findings: lowerOfTop,
    says: 'names "\\u0000\\u0000\\u0000\\u0000", which is no link',
    refused: true,
  },
  {
    name: "a file `lower` without content",
    damage: ({ at }) => writeFileSync(at(c, "lower"), ""),
    findings: lowerOfTop,
    says: 'names "", which is no link',
    refused: true,
  },
  {
    name: "a file `lower` of a layer without parents",
    damage: ({ at, links }) => writeFileSync(at(a, "lower"), `l/${links.b}`),
    findings: ({ at }) => [[at(a, "lower"), a]],
    says: "has 1 of its parents, and its record 0",
    refused: false,
  },
  {
    name: "a file `link` that is gone",
    damage: ({ at }) => rmSync(at(b, "link")),
    findings: ({ at }) => [[at(b, "link"), b]],
    says: "is missing or has none",
    refused: false,
  },
  {
    name: "a file `link` that is gone with its link in `l`",
    damage: ({ at, links }) => {
      rmSync(at(b, "link"));
      rmSync(at("l", links.b));
    },
    findings: ({ at }) => [
      [at(b, "link"), b],
      [at(c, "lower"), c],
    ],
    says: "is missing or has none",
    refused: true,
  },
  {
    name: "a file `link` with the name of another layer",
    damage: ({ at, links }) => writeFileSync(at(b, "link"), links.a),
    findings: ({ at, links }) => [[at("l", links.a), b]],
    says: `leads to the layer ${a}`,
    refused: false,
  },
  {
    name: "a link in `l` that is gone",
    damage: ({ at, links }) => rmSync(at("l", links.b)),
    findings: ({ at, links }) => [
      [at("l", links.b), b],
      [at(c, "lower"), c],
    ],
    says: "is missing, or leads to no layer",
    refused: false,
  },
  {
    name: "a link in `l` to another layer",
    damage: (store) => pointTo(store, store.links.b, a),
    findings: ({ at, links }) => [
      [at("l", links.b), b],
      [at(c, "lower"), c],
    ],
    says: `leads to the layer ${a}`,
    refused: true,
  },
  {
    name: "a link in `l` to a layer that is gone",
    damage: (store) => pointTo(store, store.links.b, idOf("d")),
    findings: ({ at, links }) => [
      [at("l", links.b), b],
      [at(c, "lower"), c],
    ],
    says: `leads to the layer ${idOf("d")}`,
    refused: true,
  },
  {
    name: "links in `l` that are swapped",
    damage: (store) => {
      pointTo(store, store.links.a, b);
      pointTo(store, store.links.b, a);
    },
    findings: ({ at, links }) => [
      [at("l", links.a), a],
      [at("l", links.b), b],
      [at(b, "lower"), b],
      [at(c, "lower"), c],
    ],
    says: `leads to the layer ${b}`,
    refused: true,
  },
];

const whole = ["of-a", "of-b", "of-c"];

describe.skipIf(whyNoOverlay !== undefined)(named("parents"), () => {
  it("fit the records where nothing is damaged", async () => {
    const { store } = await chainOfThree();
    expect((await store.check()).findings).toEqual([]);
    expect(pathsIn(await store.mount({ layer: c }))).toEqual(whole);
  });

  it.each(kinds)("$name: found, and mended to the whole tree", async ({ damage, findings, says }) => {
    const damaged = await chainOfThree();
    const { store, at, links } = damaged;
    damage(damaged);
    const report = await store.check();
    const found = report.findings.filter(({ code }) => code !== "leftover");
    expect(found.map(({ code, repair, path, id }) => [code, repair, path, id])).toEqual(
      findings(damaged).map((expected) => ["layer-parents-wrong", "mend", ...expected]),
    );
    for (const { message, path, id } of found) {
      expect(message).toContain(JSON.stringify(path));
      expect(message).toContain(id);
    }
    expect(found[0]?.message).toContain(says);
    expect(await store.repair(report)).toMatchObject({ mended: found, left: [], lostImages: [] });
    expect((await store.check()).findings).toEqual([]);
    expect(pathsIn(await store.mount({ layer: c }))).toEqual(whole);
    const names = [a, b, c].map((id) => readFileSync(at(id, "link"), "utf8"));
    expect(new Set(names).size).toBe(3);
    expect(names.map((name) => readlinkSync(at("l", name)))).toEqual([a, b, c].map((id) => `../${id}/diff`));
    expect(names[2]).toBe(links.c);
    expect(readFileSync(at(c, "lower"), "utf8")).toBe(`l/${names[1]}:l/${names[0]}`);
  });

  it.each(kinds.filter(({ refused }) => refused))("$name: no mount, no diff, and why", async ({ damage }) => {
    const damaged = await chainOfThree();
    const { store, folder } = damaged;
    damage(damaged);
    const refusal = {
      code: "ERR_DRAYAGE_STORE_INVALID",
      hint: expect.stringContaining("`dray check"),
    };
    await expect(store.mount({ layer: c })).rejects.toMatchObject(refusal);
    await expect(all(store.changes(c))).rejects.toMatchObject(refusal);
    await expect(all(store.openDiff(c))).rejects.toMatchObject(refusal);
    expect(mountsBelow(folder)).toEqual([]);
    expect(await store.mounts()).toEqual([]);
  });

  it.each(kinds.filter(({ refused }) => !refused))("$name: the mount is whole", async ({ damage }) => {
    const damaged = await chainOfThree();
    damage(damaged);
    expect(pathsIn(await damaged.store.mount({ layer: c }))).toEqual(whole);
  });

  it("are not compared with half a layer", async () => {
    const { store, at } = await chainOfThree();
    rmSync(at(b, "lower"));
    await expect(all(store.changes(c, { against: b }))).resolves.toHaveLength(1);
    await expect(all(store.changes(c, { against: a }))).resolves.toHaveLength(2);
    const other = idOf("e");
    await store.createLayer({ id: other });
    await expect(all(store.changes(b, { against: other }))).rejects.toMatchObject({
      code: "ERR_DRAYAGE_STORE_INVALID",
      message: expect.stringContaining(at(b, "lower")),
    });
  });

  it("are not mended where the layers' files are missing, which is another finding", async () => {
    const { store, at } = await chainOfThree();
    rmSync(at(b), { recursive: true });
    rmSync(at(c, "lower"));
    const { findings } = await store.check();
    expect(findings.filter(({ code }) => code !== "leftover")).toMatchObject([
      { code: "layer-files-missing", id: b, repair: "remove" },
    ]);
  });
});
