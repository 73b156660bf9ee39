import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Builder, type BuilderStore, baseImage, builderStore } from "../src/builder-store.ts";
import { idsByGo } from "../src/go-store.ts";
import { sameWords } from "../src/same-words.ts";
import { unmountBelow } from "../src/shared-store.ts";

/** Commands of buildah's that make images. All use `c` as the container. */
interface Script {
  readonly name: string;
  readonly steps: readonly (readonly string[])[];
  /** The images that are made, which have to be the same. */
  readonly images: readonly string[];
  /** Whether the config has what differs each time, times of history or docker's ID of the container: what else is said has to be the same. */
  readonly unique?: boolean;
  /** Whether it is tried with vfs, too. */
  readonly everywhere?: boolean;
}

const commit = (...rest: readonly string[]): readonly string[] => [
  "commit",
  "--quiet",
  "--timestamp",
  "0",
  "--identity-label=false",
  ...rest,
];
const copied = [
  ["copy", "c", "one", "two", "/files/"],
  ["copy", "--chown", "app:appg", "--chmod", "0640", "c", "tree", "/tree"],
  ["add", "c", "tree/deep", "/added"],
] as const;
const configured = [
  ["config", "--env", "A=1", "--env", "B=$A two", "--label", "x=y", "--label", "empty", "c"],
  ["config", "--port", "80", "--port", "443/tcp", "--volume", "/data", "--user", "app:appg", "c"],
  ["config", "--workingdir", "/files", "--entrypoint", '["/bin/sh", "-c"]', "--cmd", "echo 'a b'", "c"],
  ["config", "--author", "somebody", "--stop-signal", "SIGQUIT", "--annotation", "note=it", "c"],
  ["config", "--os", "linux", "--arch", "arm64", "--variant", "v8", "--created-by", "a test", "c"],
] as const;
const fromBase = ["from", "--name", "c", baseImage] as const;
const fromScratch = ["from", "--name", "c", "scratch"] as const;

const scripts: readonly Script[] = [
  {
    name: "files and config from scratch",
    steps: [fromScratch, ...copied.slice(0, 1), ...configured, commit("c", "made:1")],
    images: ["localhost/made:1"],
  },
  {
    name: "files and config on a base",
    everywhere: true,
    steps: [fromBase, ...copied, ...configured, commit("c", "made:1")],
    images: ["localhost/made:1"],
  },
  {
    name: "in docker's format",
    unique: true,
    steps: [
      fromBase,
      ...copied,
      ...configured,
      ["config", "--hostname", "host", "--domainname", "example", "--shell", "/bin/sh -e", "c"],
      ["config", "--onbuild", "RUN true", "--healthcheck", "CMD /bin/sh -c true", "c"],
      ["config", "--healthcheck-interval", "1m30s", "--healthcheck-retries", "5", "--comment", "so", "c"],
      commit("--format", "docker", "c", "made:1"),
    ],
    images: ["localhost/made:1"],
  },
  {
    name: "squashed, in both formats",
    unique: true,
    steps: [
      fromBase,
      ...copied,
      ...configured.slice(0, 2),
      commit("--squash", "c", "made:1"),
      commit("--squash", "--format", "docker", "c", "made:2"),
    ],
    images: ["localhost/made:1", "localhost/made:2"],
  },
  {
    name: "several layers, each committed",
    steps: [
      fromBase,
      ["copy", "--quiet", "c", "one", "/one"],
      commit("--rm", "c", "made:1"),
      ["from", "--name", "c", "localhost/made:1"],
      ["copy", "--quiet", "c", "two", "/two"],
      commit("--rm", "c", "made:2"),
      ["from", "--name", "c", "localhost/made:2"],
      ["config", "--env", "LAST=1", "c"],
      commit("c", "made:3"),
    ],
    images: ["localhost/made:1", "localhost/made:2", "localhost/made:3"],
  },
  {
    name: "what was set is taken away",
    steps: [
      fromBase,
      ...configured,
      ["config", "--env", "A-", "--label", "x-", "--port", "80-", "--volume", "/data-", "c"],
      ["config", "--annotation", "note-", "--entrypoint", "", "--cmd", "", "--label", "-", "c"],
      commit("--unsetenv", "B", "--omit-history", "c", "made:1"),
    ],
    images: ["localhost/made:1"],
  },
  {
    name: "commands that are run",
    everywhere: true,
    steps: [
      fromBase,
      ["run", "c", "--", "/bin/sh", "-c", "echo $HOME > /ran; echo out; echo err >&2"],
      ["run", "--user", "app", "--env", "X=1", "--workingdir", "/tmp", "c", "/bin/sh", "-c", "echo $X > x"],
      ["run", "c", "sh", "-c", "exit 7"],
      commit("c", "made:1"),
    ],
    images: ["localhost/made:1"],
  },
  {
    name: "history of what is done",
    unique: true,
    steps: [
      fromBase,
      ["copy", "--add-history", "c", "one", "/one"],
      ["config", "--add-history", "--env", "A=1", "--user", "app", "--workingdir", "/tmp", "c"],
      ["run", "--add-history", "c", "/bin/sh", "-c", "echo a > /a"],
      ["config", "--history-comment", "because", "c"],
      commit("c", "made:1"),
    ],
    images: ["localhost/made:1"],
  },
];

/** A config without what differs each time. */
function comparable(config: Readonly<Record<string, unknown>>): unknown {
  const history = config.history as readonly object[];
  return { ...config, container: "", history: history.map((item) => ({ ...item, created: "" })) };
}

describeWithPeers(
  "scripts of buildah's, run by it and by dray",
  ["buildah", "skopeo", "containers-storage", "root"],
  () => {
    const folders: string[] = [];
    const newStore = (driver: "overlay" | "vfs"): Promise<BuilderStore> => {
      const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
      folders.push(folder);
      return builderStore(driver, folder);
    };
    afterAll(() => {
      for (const folder of folders) {
        unmountBelow(folder);
        rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
      }
    });

    /** Runs steps, and gives what they printed and how they ended. */
    async function runSteps(
      store: BuilderStore,
      steps: Script["steps"],
      by: (index: number) => Builder,
    ): Promise<readonly object[]> {
      const done: object[] = [];
      for (const [index, step] of steps.entries()) {
        const { code, stdout, stderr } = await store.by(by(index), step);
        const ids = await idsByGo(store.shared, "containers");
        const words = (text: string): string => sameWords(text, store.folder, ids);
        // What containers/storage warns of is its own.
        const errors = stderr.split("\n").filter((line) => line.startsWith("Error: ") && code === 125);
        done.push({ step: step.join(" "), code, stdout: words(stdout), errors: words(errors.join("\n")) });
      }
      return done;
    }

    async function clear(store: BuilderStore): Promise<void> {
      await store.by("buildah", ["rm", "--all"]);
      const { stdout } = await store.by("buildah", ["images", "--format", "{{.Name}}:{{.Tag}}"]);
      for (const name of stdout
        .split("\n")
        .filter((line) => line.startsWith("localhost/made"))
        .reverse()) {
        await store.by("buildah", ["rmi", "--force", name]);
      }
    }

    for (const driver of ["overlay", "vfs"] as const) {
      let theirs: BuilderStore;
      let ours: BuilderStore;
      beforeAll(async () => {
        theirs = await newStore(driver);
        ours = await newStore(driver);
      }, 120_000);

      const tried = scripts.filter(({ everywhere }) => driver === "overlay" || everywhere);

      it.each(tried)(
        `$name: the same output, the same images, with ${driver}`,
        async ({ steps, images, unique }) => {
          await clear(theirs);
          await clear(ours);
          const told = await runSteps(theirs, steps, () => "buildah");
          const toldByUs = await runSteps(ours, steps, () => "dray");
          const lists = [
            ["containers"],
            ["containers", "--json"],
            ["inspect", "c"],
            ["inspect", "--type", "image", images[0] ?? ""],
            ["inspect", "--format", "{{.FromImage}} {{.OCIv1.Config.Env}} {{.Docker.Config.Labels}}", "c"],
          ];
          if (unique) {
            const hash = /\b[0-9a-f]{64}\b/g;
            const plain = (all: readonly object[]): unknown =>
              JSON.parse(JSON.stringify(all).replace(hash, "<hash>"));
            expect(plain(toldByUs)).toEqual(plain(told));
          } else {
            expect(toldByUs).toEqual(told);
            const listed = await runSteps(theirs, lists, () => "buildah");
            expect(await runSteps(ours, lists, () => "dray")).toEqual(listed);
          }
          for (const name of images) {
            const their = await theirs.image(name);
            const our = await ours.image(name);
            if (unique) expect(comparable(our.config)).toEqual(comparable(their.config));
            else expect(our).toEqual(their);
          }
        },
        120_000,
      );

      it.each(tried.filter(({ unique }) => unique !== true))(
        `$name: begun by one, continued by the other, with ${driver}`,
        async ({ steps, images }) => {
          await clear(theirs);
          await runSteps(theirs, steps, () => "buildah");
          const expected = await Promise.all(images.map((name) => theirs.image(name)));
          const turns: readonly ((index: number) => Builder)[] = [
            (index) => (index % 2 === 0 ? "buildah" : "dray"),
            (index) => (index % 2 === 0 ? "dray" : "buildah"),
          ];
          for (const turn of turns) {
            await clear(ours);
            const told = await runSteps(ours, steps, turn);
            const made = await Promise.all(images.map((name) => ours.image(name)));
            expect({ told, made }).toEqual({ told, made: expected });
          }
        },
        240_000,
      );
    }

    it("writes the IDs of containers and images to files, and commits elsewhere without printing", async () => {
      const store = await newStore("vfs");
      for (const builder of ["buildah", "dray"] as const) {
        const at = (name: string): string => path.join(store.folder, `${builder}-${name}`);
        const name = `files-${builder}`;
        await store.by(builder, ["from", "--name", name, "--cidfile", at("cid"), "scratch"]);
        const ids = await idsByGo(store.shared, "containers");
        expect(ids).toContain(readFileSync(at("cid"), "utf8"));
        const stored = await store.by(builder, commit("--iidfile", at("iid"), name, "made:1"));
        expect(stored).toMatchObject({ code: 0, stdout: "" });
        const elsewhere = await store.by(builder, commit(name, `dir:${at("dir")}`));
        expect(elsewhere).toMatchObject({ code: 0, stdout: "", stderr: "" });
      }
      const read = (file: string): string => readFileSync(path.join(store.folder, file), "utf8");
      expect(read("dray-iid")).toBe(read("buildah-iid"));
      expect(read("dray-dir/manifest.json")).toBe(read("buildah-dir/manifest.json"));
    }, 60_000);
  },
);
