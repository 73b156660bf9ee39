import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describeWithPeers, temporaryDirectory, writeShellRoot } from "@drayage-internal/peers";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { createWorkingContainer, openWorkingContainer, type RunOptions } from "../../src/index.ts";
import { type SharedStore, sharedStore } from "../support/shared-store.ts";

describeWithPeers("hooks of a container's commands", ["buildah", "runc", "root"], (peers) => {
  let shared: SharedStore;
  let first = "";
  let second = "";
  let out = "";
  let serial = 0;
  beforeAll(async () => {
    shared = await sharedStore("overlay");
    const base = await shared.buildah(["from", "--name", "base", "scratch"]);
    writeShellRoot(await shared.buildah(["mount", base]), ["cat", "ls"]);
    await shared.buildah(["umount", base]);
    await shared.buildah(["config", "--env", "PATH=/bin", base]);
    await shared.buildah(["commit", base, "base"]);
    await shared.buildah(["config", "--volume", "/data", base]);
    await shared.buildah(["commit", base, "with-volume"]);
  });
  afterAll(async () => {
    await shared[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    first = temporaryDirectory();
    second = temporaryDirectory();
    out = temporaryDirectory();
  });

  const call = (line: string) => ({ path: "/bin/sh", args: ["sh", "-c", line], env: ["PATH=/bin:/usr/bin"] });

  function write(folder: string, name: string, content: object): void {
    writeFileSync(path.join(folder, `${name}.json`), JSON.stringify({ version: "1.0.0", ...content }));
  }

  /** Hooks that leave a file of their name where they are called. */
  function writeMarking(folder: string, when: Readonly<Record<string, object>>): void {
    for (const [name, conditions] of Object.entries(when)) {
      const hook = call(`echo ${path.basename(folder)} >> ${out}/${name}`);
      write(folder, name, { hook, when: conditions, stages: ["prestart"] });
    }
  }

  /** What is in a folder, which is emptied. */
  function taken(folder: string): Readonly<Record<string, string>> {
    const files = Object.fromEntries(
      readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name), "utf8")]),
    );
    for (const name of Object.keys(files)) rmSync(path.join(folder, name));
    return files;
  }

  /** A container that has the folders in its `buildah.json`. */
  async function container(from = "base"): Promise<string> {
    serial += 1;
    const runtime = { hooksDirs: [first, second] };
    const made = await createWorkingContainer(shared.store, { from, name: `hooked-${serial}`, runtime });
    return made.name;
  }

  async function theirs(name: string, more: readonly string[] = [], command = ["sh", "-c", "true"]) {
    const own = ["--isolation", "oci", "--runtime", peers.runc, "--network", "host"];
    return shared.buildah(["run", ...own, ...more, name, "--", ...command]);
  }

  async function ours(name: string, options: RunOptions = {}, command = ["sh", "-c", "true"]) {
    const warnings: string[] = [];
    const opened = await openWorkingContainer(shared.store, name);
    const { exitCode } = await opened.run(command, {
      isolation: "oci",
      runtime: peers.runc,
      network: "host",
      onWarning: (sentence) => warnings.push(sentence),
      ...options,
    });
    return { exitCode, warnings };
  }

  it("are called at every stage, and get the container's state", async () => {
    const stages = [
      "prestart",
      "createRuntime",
      "createContainer",
      "startContainer",
      "poststart",
      "poststop",
    ];
    for (const stage of stages) {
      // This one alone is called within the container.
      const file = stage === "startContainer" ? "/state" : path.join(out, stage);
      write(first, stage, { hook: call(`cat > ${file}`), when: { always: true }, stages: [stage] });
    }
    const name = await container();
    const states = async (): Promise<unknown> => {
      const root = await shared.buildah(["mount", name]);
      const inside = path.join(root, "state");
      writeFileSync(path.join(out, "startContainer"), readFileSync(inside));
      rmSync(inside);
      await shared.buildah(["umount", name]);
      return Object.entries(taken(out)).map(([stage, text]) => {
        const { ociVersion, status, pid } = JSON.parse(text) as Record<string, unknown>;
        // The command may have begun by then, or not yet.
        return [stage, { ociVersion, status: stage === "poststart" ? "" : status, pid: typeof pid }];
      });
    };
    await theirs(name);
    const expected = await states();
    expect(await ours(name)).toEqual({ exitCode: 0, warnings: [] });
    expect(await states()).toEqual(expected);
    expect(expected).toHaveLength(stages.length);
  });

  it("are chosen by command, annotations, mounts and file name alike", async () => {
    const conditions = {
      always: { always: true },
      never: { always: false },
      nothing: {},
      path: { commands: ["^/bin/(sh|bash)$"] },
      name: { commands: ["^sh$"] },
      annotated: { annotations: { "^com\\.example\\.": "^[[:alpha:]]+$" } },
      "annotated-else": { annotations: { "^com\\.example\\.": "^[[:digit:]]+$" } },
      mounts: { hasBindMounts: true },
      both: { hasBindMounts: true, commands: ["sh$"] },
      HIDDEN: { always: true },
    };
    writeMarking(first, conditions);
    writeMarking(second, { HIDDEN: { always: true }, path: { commands: ["nosuch"] } });
    writeFileSync(
      path.join(second, "old.json"),
      JSON.stringify({
        hook: "/bin/sh",
        arguments: ["-c", `touch ${out}/old`],
        stage: ["prestart"],
        cmd: ["sh"],
      }),
    );
    const seen: unknown[] = [];
    for (const image of ["base", "with-volume"]) {
      const name = await container(image);
      for (const step of ["plain", "annotated"]) {
        if (step === "annotated") await shared.buildah(["config", "--annotation", "com.example.a=b", name]);
        await theirs(name);
        const expected = taken(out);
        expect(await ours(name)).toEqual({ exitCode: 0, warnings: [] });
        expect(taken(out), `${image}, ${step}`).toEqual(expected);
        await theirs(name, ["--volume", `${first}:/given`]);
        const mounted = taken(out);
        await ours(name, { volumes: [`${first}:/given`] });
        expect(taken(out), `${image}, ${step}, mounted`).toEqual(mounted);
        seen.push(Object.keys(expected).sort(), Object.keys(mounted).sort());
      }
    }
    const plain = ["HIDDEN", "always", "old"];
    const mounted = ["HIDDEN", "always", "both", "mounts", "old"];
    const annotated = ["HIDDEN", "always", "annotated", "old"];
    const all = ["HIDDEN", "always", "annotated", "both", "mounts", "old"];
    expect(seen).toEqual([plain, mounted, annotated, all, mounted, mounted, all, all]);
  });

  it.each<readonly [string, object]>([
    ["an unknown stage", { hook: { path: "/bin/true" }, when: { always: true }, stages: ["precreate"] }],
    ["no stages", { hook: { path: "/bin/true" }, when: { always: true } }],
    ["no path", { hook: {}, when: { always: true }, stages: [] }],
    ["another version", { version: "3", hook: { path: "/bin/true" }, stages: [] }],
    ["a bad pattern", { hook: { path: "/bin/true" }, when: { commands: ["*"] }, stages: [] }],
    ["a member of another kind", { hook: { path: "/bin/true" }, when: { always: 1 }, stages: [] }],
    ["a hook that fails", { hook: call("exit 1"), when: { always: true }, stages: ["prestart"] }],
  ])("refuse a run alike: %s", async (_, content) => {
    const name = await container();
    write(second, "bad", content);
    await expect(theirs(name, [], ["sh", "-c", "echo > /ran"])).rejects.toThrow(/hook|stage|version/);
    await expect(ours(name, {}, ["sh", "-c", "echo > /ran"])).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_DRAYAGE_(CONFIGURATION_INVALID|RUNTIME)$/),
    });
    const root = await shared.buildah(["mount", name]);
    expect(existsSync(path.join(root, "ran"))).toBe(false);
  });

  it("are left out alike where their program or folder is not there", async () => {
    write(first, "gone", { hook: { path: "/no/such" }, when: { always: true }, stages: ["prestart"] });
    writeMarking(first, { there: { always: true } });
    rmSync(second, { recursive: true });
    const name = await container();
    await theirs(name);
    expect(Object.keys(taken(out))).toEqual(["there"]);
    expect(await ours(name)).toEqual({
      exitCode: 0,
      warnings: [
        `there is no folder "${second}" of hooks`,
        `the hook "${path.join(first, "gone.json")}" is left out: there is no program "/no/such"`,
      ],
    });
    expect(Object.keys(taken(out))).toEqual(["there"]);
    mkdirSync(second);
  });

  it("of folders that a run names stand for those of the container", async () => {
    const name = await container();
    const other = temporaryDirectory();
    writeMarking(first, { container: { always: true } });
    writeMarking(other, { run: { always: true } });
    await ours(name, { hooksDirs: [other] });
    expect(Object.keys(taken(out))).toEqual(["run"]);
  });

  it("are told of, and not called, by chroot; buildah says nothing", async () => {
    writeMarking(first, { one: { always: true } });
    const name = await container();
    await shared.buildah(["run", "--isolation", "chroot", name, "--", "sh", "-c", "true"]);
    expect(await ours(name, { isolation: "chroot" })).toEqual({
      exitCode: 0,
      warnings: [`the hook "${path.join(first, "one.json")}" is not called: the isolation chroot calls none`],
    });
    expect(taken(out)).toEqual({});
  });

  it("have absolute folders, wherever the container is run later", async () => {
    const relative = path.relative(process.cwd(), first);
    const runtime = { hooksDirs: [relative] };
    const made = await createWorkingContainer(shared.store, { from: "base", name: "relative", runtime });
    const { CommonBuildOpts: common } = JSON.parse(shared.stateText(made.id)) as {
      CommonBuildOpts: { OCIHooksDir: unknown };
    };
    expect(common.OCIHooksDir).toEqual([first]);
  });
});
