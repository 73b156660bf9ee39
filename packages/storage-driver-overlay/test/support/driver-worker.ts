import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadSys } from "@drayage/sys";
import { overlayDriver } from "../../src/index.ts";
import { all } from "./all.ts";
import { idOf } from "./ids.ts";
import { blobOf, type Entry, link } from "./tar.ts";
import { listTree, pathsIn } from "./tree.ts";

// A program for a process of its own, such as one in a user namespace: makes a store in a folder, and tells what it finds.
const [base = "", folder = "", what = ""] = process.argv.slice(2);
loadSys({ base });

const lower: readonly Entry[] = [
  { name: "d/" },
  { name: "d/one", content: "1" },
  { name: "f" },
  { name: "g" },
];
const upper: readonly Entry[] = [
  { name: "d/" },
  { name: "d/.wh..wh..opq" },
  { name: "d/two" },
  { name: ".wh.f" },
  link("h", "g"),
  { name: "owned", uid: 5 },
];

async function run(): Promise<unknown> {
  const files = await overlayDriver().open({
    graphRoot: join(folder, "root"),
    runRoot: join(folder, "run"),
    options: { ignore_chown_errors: "true" },
  });
  if (what === "abandon") {
    const staged = await files.stage();
    await staged.unpack(blobOf(lower));
    return "staged";
  }
  const [a, b] = [idOf("a"), idOf("b")];
  const staged = [await files.stage(), await files.stage()] as const;
  await staged[0].unpack(blobOf(lower));
  await staged[1].unpack(blobOf(upper));
  await staged[0].settle(undefined);
  await staged[1].settle(staged[0]);
  await staged[0].commit(a);
  await staged[1].commit(b);
  const merged = await files.mount(b);
  const shown = pathsIn(merged);
  writeFileSync(join(merged, "d", "three"), "3");
  await files.unmount(b);
  const tree = listTree(join(folder, "root", "overlay", b, "diff"));
  const changes = (await all(files.changes(b))).map(({ kind, path }) => `${kind} ${path}`);
  const against = (await all(files.changes(a, { against: b }))).length;
  for (const id of [b, a]) await (await files.remove([id]))();
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(folder)).length;
  return {
    shown,
    tree,
    changes,
    against,
    mounts,
    ids: await files.ids(),
    leftovers: await files.leftovers(),
  };
}

run().then(
  (result) => {
    console.log(JSON.stringify(result));
    if (what === "abandon") setInterval(() => {}, 1000);
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
