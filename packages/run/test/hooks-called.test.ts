import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { temporaryDirectory } from "@drayage-internal/peers";
import { beforeEach, describe, expect, it } from "vitest";
import { hookStages } from "../src/hooks/hook.ts";
import { findSlirp } from "../src/network/private-network.ts";
import { bundledScript } from "./bundled.ts";
import { describeIsolations } from "./isolations.ts";
import { shell, smallRoot } from "./small-root.ts";

describeIsolations("hooks of the machine", (common) => {
  const callsHooks = common.isolation === "oci";
  let root = "";
  let folder = "";
  let out = "";
  let warnings: string[] = [];
  beforeEach(() => {
    root = smallRoot(temporaryDirectory());
    folder = temporaryDirectory();
    out = temporaryDirectory();
    warnings = [];
  });

  /** A hook that runs a line of shell, of the machine's or, for `startContainer`, of the container's. */
  function writeHook(name: string, line: string, stages: readonly string[], when: object = { always: true }) {
    const hook = { path: "/bin/sh", args: ["sh", "-c", line], env: ["PATH=/bin:/usr/bin", "A=of hook"] };
    writeFileSync(path.join(folder, name), JSON.stringify({ version: "1.0.0", hook, when, stages }));
  }
  const run = (line: string, options: Parameters<typeof shell>[2] = {}) =>
    shell(root, line, {
      ...common,
      hooks: { folders: [folder] },
      onWarning: (sentence) => warnings.push(sentence),
      ...options,
    });

  it.runIf(callsHooks)("get the container's state on their input, at every stage", async () => {
    for (const stage of hookStages) {
      const file = stage === "startContainer" ? "/started" : path.join(out, stage);
      writeHook(`${stage}.json`, `cat > ${file}; printf "\\n%s\\n" "$A" >> ${file}`, [stage]);
    }
    const { exitCode, stdout, stderr } = await run(`ls ${out} /; exit 3`);
    expect({ exitCode, stderr, warnings }).toMatchObject({ exitCode: 3, warnings: [] });
    expect(stdout.split("\n")).toContain("started");
    const state = (file: string): Record<string, unknown> => {
      const [json = "", ...rest] = readFileSync(file, "utf8").split("\n");
      expect(rest.join("\n")).toBe("of hook\n");
      return JSON.parse(json) as Record<string, unknown>;
    };
    const states = hookStages.map((stage) =>
      state(stage === "startContainer" ? path.join(root, "started") : path.join(out, stage)),
    );
    expect(states.map(({ status }) => status)).toEqual([
      "creating",
      "creating",
      "creating",
      "created",
      // The command may have begun, or not yet.
      expect.stringMatching(/^(created|running)$/),
      "stopped",
    ]);
    expect(new Set(states.map(({ id }) => id)).size).toBe(1);
  });

  it.runIf(callsHooks).each(["prestart", "createRuntime", "createContainer"])(
    "that fail end the run, with their words, before there is a command: %s",
    async (stage) => {
      writeHook("fails.json", "echo not today >&2; exit 9", [stage]);
      await expect(run("touch /ran")).rejects.toMatchObject({
        code: "ERR_DRAYAGE_RUNTIME",
        message: expect.stringMatching(/^a hook of the container failed: .*exit status 9.*not today/),
        hint: "look at the hooks in the folders that are named, or in the machine's",
      });
      expect(existsSync(path.join(root, "ran"))).toBe(false);
    },
  );

  it.runIf(callsHooks).each(["prestart", "createRuntime", "createContainer"])(
    "that are no programs are not taken for the command: %s",
    async (stage) => {
      const content = { hook: "/etc/passwd", stages: [stage], cmds: [""] };
      writeFileSync(path.join(folder, "text.json"), JSON.stringify(content));
      await expect(run("true")).rejects.toMatchObject({
        code: "ERR_DRAYAGE_RUNTIME",
        message: expect.stringMatching(/^a hook of the container failed: .*permission denied/),
      });
    },
  );

  it.runIf(callsHooks)("that fail in the container are what ends in the command's place", async () => {
    writeHook("fails.json", "echo not today >&2; exit 9", ["startContainer"]);
    expect(await run("touch /ran")).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: expect.stringContaining("not today"),
    });
    expect(existsSync(path.join(root, "ran"))).toBe(false);
  });

  it.runIf(callsHooks && findSlirp() !== undefined && existsSync("/dev/net/tun"))(
    "go together with a private network",
    async () => {
      writeHook("one.json", `touch ${out}/called`, ["createRuntime"]);
      const { stdout } = await run("cat /proc/net/dev", { network: "private" });
      expect(stdout).toMatch(/tap0:/);
      expect(existsSync(path.join(out, "called"))).toBe(true);
    },
  );

  it.runIf(callsHooks)("are called in a user namespace, too, where folders are named", async () => {
    writeHook("one.json", `touch ${out}/called`, ["createRuntime"]);
    expect((await run("true", { isolation: "rootless" })).exitCode).toBe(0);
    expect(existsSync(path.join(out, "called"))).toBe(true);
  });

  it("are for the command's path, annotations and mounts", async () => {
    writeHook("command.json", `touch ${out}/command`, ["prestart"], { commands: ["^/bin/sh$"] });
    writeHook("none.json", `touch ${out}/none`, ["prestart"], { commands: ["^sh$"] });
    writeHook("named.json", `touch ${out}/named`, ["prestart"], { annotations: { "^a$": "^b$" } });
    writeHook("mounts.json", `touch ${out}/mounts`, ["prestart"], { hasBindMounts: true });
    const called = (): readonly string[] =>
      callsHooks
        ? execFileSync("ls", [out], { encoding: "utf8" }).trim().split("\n")
        : warnings.map((sentence) => /(\w+)\.json/.exec(sentence)?.[1] ?? "");
    await run("true");
    expect(called()).toEqual(["command"]);
    warnings = [];
    await run("true", { hooks: { folders: [folder], annotations: { a: "b" }, hasBindMounts: true } });
    expect(called()).toEqual(["command", "mounts", "named"]);
  });

  it("are not looked for where nobody asks", async () => {
    writeFileSync(path.join(folder, "bad.json"), "{");
    expect((await run("true", { hooks: undefined })).exitCode).toBe(0);
    expect(warnings).toEqual([]);
  });

  it("that are bad are refused before anything is made", async () => {
    writeFileSync(path.join(folder, "bad.json"), "{");
    await expect(run("true", { cwd: "/made" })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_CONFIGURATION_INVALID",
      message: expect.stringContaining(path.join(folder, "bad.json")),
    });
    expect(existsSync(path.join(root, "made"))).toBe(false);
  });

  it.runIf(!callsHooks)("are told of, and not called", async () => {
    writeHook("one.json", `touch ${out}/called`, [...hookStages]);
    writeHook("two.json", `touch ${out}/called`, [...hookStages], { always: false });
    expect((await run("true")).exitCode).toBe(0);
    expect(warnings).toEqual([
      `the hook "${path.join(folder, "one.json")}" is not called: the isolation chroot calls none`,
    ]);
    expect(existsSync(path.join(out, "called"))).toBe(false);
  });
});

const usable = process.platform === "linux" && process.getuid?.() === 0;
const suite = usable ? describe : describe.skip;

suite(`the usual folders of hooks${usable ? "" : " [skipped: it needs Linux and root]"}`, () => {
  it("are root's alone, and each is looked at for itself", async () => {
    const folder = temporaryDirectory();
    const script = await bundledScript(
      folder,
      "script",
      `import { findHooks } from "../src/hooks/find-hooks.ts";
      console.log(JSON.stringify(findHooks({ command: "/bin/sh" }).map(({ file }) => file)));`,
    );
    const hook = path.join(folder, "hook.json");
    writeFileSync(hook, JSON.stringify({ hook: "/bin/sh", cmd: [""], stages: ["prestart"] }));
    const node = `'${process.execPath}' '${script}'`;
    // In a mount namespace, so that nobody else's containers get them.
    const lines = [
      "for top in /etc /usr/share; do",
      "  mount -t tmpfs none $top; mkdir -p $top/containers/oci/hooks.d",
      `  for name in b a; do cp '${hook}' $top/containers/oci/hooks.d/$name.json; done`,
      "done",
      node,
      `_CONTAINERS_USERNS_CONFIGURED=done ${node}`,
      `unshare --user --map-root-user ${node}`,
      `setpriv --reuid=65534 --clear-groups ${node}`,
    ];
    execFileSync("chmod", ["-R", "a+rX", folder]);
    const said = execFileSync("unshare", ["--mount", "sh", "-ec", lines.join("\n")], { encoding: "utf8" });
    const files = ["/usr/share", "/etc"].flatMap((top) =>
      ["a", "b"].map((name) => `${top}/containers/oci/hooks.d/${name}.json`),
    );
    expect(
      said
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([files, [], [], []]);
  });
});
