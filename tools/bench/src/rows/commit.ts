import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { sysBase } from "@drayage/sys";
import { run } from "@drayage-internal/peers/run";
import { bundleForNode } from "../../../build/bundle.ts";
import type { Bench, Place } from "../bench.ts";
import { childProgram } from "../dray.ts";
import type { Command } from "../measure.ts";
import { benchPeer } from "../peers.ts";
import type { Row } from "../row.ts";
import { type Pair, pairRow } from "./pair-row.ts";

async function lackOfRoot(): Promise<string | undefined> {
  return process.getuid?.() === 0 ? undefined : "it needs root";
}

/** Our program, bundled from the sources. */
async function commitProgram({ scratch }: Place): Promise<(...args: readonly string[]) => Command> {
  const program = await bundleForNode(childProgram("commit.ts"), scratch);
  return (...args) => ({ program: process.execPath, args: [program, sysBase(), ...args] });
}

interface BuildahStore {
  readonly graphRoot: string;
  readonly runRoot: string;
  command(...args: readonly string[]): Command;
}

/** A buildah that reads nothing of this machine's configuration. */
function buildahIn(folder: string): BuildahStore {
  const home = path.join(folder, "home");
  mkdirSync(path.join(home, ".config/containers"), { recursive: true });
  const policy = '{"default":[{"type":"insecureAcceptAnything"}]}\n';
  writeFileSync(path.join(home, ".config/containers/policy.json"), policy);
  writeFileSync(path.join(home, ".config/containers/registries.conf"), "");
  const [graphRoot, runRoot] = [path.join(folder, "graph"), path.join(folder, "run")];
  const flags = ["--root", graphRoot, "--runroot", runRoot, "--storage-driver", "overlay"];
  return {
    graphRoot,
    runRoot,
    command: (...args) => ({ program: benchPeer("buildah"), args: [...flags, ...args], env: { HOME: home } }),
  };
}

async function output({ program, args, env }: Command): Promise<string> {
  return (await run(program, args, { env })).stdout.trim();
}

/** Files of a size that hold text, as sources do, with something random in each. */
function writeFiles(folder: string, count: number, bytes: number): void {
  const line = "export const value = () => compute(input, options) ?? fallback; // ";
  for (let number = 0; number < count; number += 1) {
    const home = path.join(folder, `package-${Math.floor(number / 500)}`, `part-${Math.floor(number / 25)}`);
    if (number % 25 === 0) mkdirSync(home, { recursive: true });
    const text = `${line}${Math.sin(number)}\n`;
    writeFileSync(
      path.join(home, `file-${number}.js`),
      text.repeat(Math.ceil(bytes / text.length)).slice(0, bytes),
    );
  }
}

/** Working containers, and trees that become layers. */
export const commitRows: readonly Row[] = [
  pairRow({
    name: "commit-container",
    title: "a container of 200 MB → oci-dir, uncompressed",
    against: "buildah commit",
    section: "commits",
    needs: ["buildah", "skopeo"],
    bars: [
      { figure: "wall", limit: 0.6 },
      { figure: "memory", limit: 160e6 },
    ],
    sizeVaries: true,
    unavailable: lackOfRoot,
    async prepare(bench: Bench): Promise<Pair> {
      const place = bench.newPlace("commit-container");
      const ours = await commitProgram(place);
      const { graphRoot, runRoot, command } = buildahIn(place.folder);
      const name = await output(command("from", "scratch"));
      writeFiles(await output(command("mount", name)), 6500, 31_000);
      await output(command("umount", name));
      return {
        ours: ({ folder }) => ours("container", graphRoot, runRoot, name, `${folder}/layout:x`),
        theirs: ({ folder }) => command("commit", "--quiet", name, `oci:${folder}/layout:x`),
        verify: ({ folder }) => verify(folder, 1),
      };
    },
  }),
  pairRow({
    name: "commit-tree",
    title: "65,000 files of 900 MB → oci-dir, gzip",
    against: "buildah build, buildah push",
    section: "commits",
    needs: ["buildah", "skopeo"],
    bars: [
      { figure: "cpu", limit: 0.2 },
      // Names, times and sizes of all files are known before the first is read.
      { figure: "memory", limit: 200e6 },
    ],
    sizeVaries: true,
    unavailable: lackOfRoot,
    async prepare(bench: Bench): Promise<Pair> {
      const place = bench.newPlace("commit-tree");
      const ours = await commitProgram(place);
      const { tree, build } = writeTree(place);
      return {
        ours: ({ folder }) => ours("tree", tree, `${folder}/layout:x`),
        theirs: ({ folder, scratch }) => build(buildahIn(scratch), ["--no-cache"], folder),
        verify: ({ folder }) => verify(folder, 1),
      };
    },
  }),
  pairRow({
    name: "commit-tree-again",
    title: "the same again with nothing changed",
    against: "buildah build --layers, buildah push",
    section: "commits",
    needs: ["buildah", "skopeo"],
    bars: [
      { figure: "wall", limit: 0.05 },
      { figure: "cpu", limit: 0.05 },
    ],
    sizeVaries: true,
    unavailable: lackOfRoot,
    async prepare(bench: Bench): Promise<Pair> {
      const place = bench.newPlace("commit-tree-again");
      const ours = await commitProgram(place);
      const { tree, build } = writeTree(place);
      const [mine, other] = ["ours", "theirs"].map((name) => path.join(place.folder, name)) as [
        string,
        string,
      ];
      for (const folder of [mine, other]) mkdirSync(folder);
      const again = ours("again", tree, path.join(mine, "cache"), `${mine}/layout:x`);
      const theirs = build(buildahIn(other), ["--layers"], other);
      await settled();
      for (const command of [again, theirs]) await output(command);
      return { ours: () => again, theirs: () => theirs, verify: () => verify(mine, 1) };
    },
  }),
];

/** A tree of small files, and what builds an image of it and puts that into the layout of a folder. */
function writeTree({ folder }: Place): {
  readonly tree: string;
  build(store: BuildahStore, flags: readonly string[], folder: string): Command;
} {
  const tree = path.join(folder, "tree");
  writeFiles(tree, 65_000, 13_800);
  const file = path.join(folder, "Containerfile");
  writeFileSync(file, "FROM scratch\nCOPY . /app\n");
  return {
    tree,
    build({ command }, flags, to) {
      const build = command("build", ...flags, "--quiet", "--file", file, "--tag", "x", tree);
      const push = command("push", "--quiet", "x", `oci:${to}/layout:x`);
      const lines = [build, push].map((one) =>
        [one.program, ...one.args].map((word) => `'${word}'`).join(" "),
      );
      return { program: "/bin/sh", args: ["-c", lines.join(" >/dev/null && ")], env: build.env ?? {} };
    },
  };
}

/** What was written just now may change again without a trace, and is not remembered: the key of a layer says so. */
async function settled(): Promise<void> {
  await setTimeout(100);
}

/** Reads the image, every byte, with its layers. */
async function verify(folder: string, layers: number): Promise<void> {
  const skopeo = benchPeer("skopeo");
  const layout = `oci:${folder}/layout:x`;
  const { stdout } = await run(skopeo, ["--insecure-policy", "inspect", layout]);
  const found = (JSON.parse(stdout) as { Layers: unknown[] }).Layers.length;
  if (found !== layers) throw new Error(`${layout} has ${found} layers`);
  await run(skopeo, ["--insecure-policy", "copy", "--quiet", layout, `dir:${folder}/read`]);
}
