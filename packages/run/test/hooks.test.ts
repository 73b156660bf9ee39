import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { temporaryDirectory } from "@drayage-internal/peers";
import { beforeEach, describe, expect, it } from "vitest";
import { applies, type HookedContainer } from "../src/hooks/applies.ts";
import { byStage, type FindHooksOptions, findHooks } from "../src/hooks/find-hooks.ts";
import { parseHook } from "../src/hooks/parse-hook.ts";
import { refusing } from "../src/hooks/refuse.ts";

const container: HookedContainer = {
  command: "/bin/sh",
  annotations: { "com.example.department": "fluid-dynamics", other: "" },
  hasBindMounts: false,
};

function holds(when: object, of: Partial<HookedContainer> = {}): boolean {
  const text = JSON.stringify({ version: "1.0.0", hook: { path: "/bin/true" }, when, stages: [] });
  return applies(parseHook(text, refusing("x.json")).when, { ...container, ...of });
}

function oldHolds(when: object, of: Partial<HookedContainer> = {}): boolean {
  const text = JSON.stringify({ hook: "/bin/true", stages: [], ...when });
  return applies(parseHook(text, refusing("x.json")).when, { ...container, ...of });
}

describe("a hook of version 1.0.0 is for a container", () => {
  it("where all conditions hold, and there is one", () => {
    expect(holds({})).toBe(false);
    expect(holds({ unknown: true })).toBe(false);
    expect(holds({ always: true })).toBe(true);
    expect(holds({ always: false })).toBe(false);
    expect(holds({ always: null })).toBe(false);
    expect(holds({ always: true, commands: ["/init$"] })).toBe(false);
    expect(holds({ always: true, commands: ["/init$", "/sh$"] })).toBe(true);
    expect(holds({ always: false, commands: ["/sh$"] })).toBe(false);
    expect(holds({ commands: [] })).toBe(false);
  });

  it("with mounts of the machine, where it is for those", () => {
    expect(holds({ hasBindMounts: true })).toBe(false);
    expect(holds({ hasBindMounts: true }, { hasBindMounts: true })).toBe(true);
    expect(holds({ hasBindMounts: false })).toBe(false);
    expect(holds({ always: true, hasBindMounts: false })).toBe(false);
  });

  it("whose annotations have a name and value for each of its pairs", () => {
    expect(holds({ annotations: { "^com\\.example\\.department$": "^fluid" } })).toBe(true);
    expect(holds({ annotations: { "^com\\.example\\.department$": "^fluid$" } })).toBe(false);
    expect(holds({ annotations: { department: "fluid", other: "^$" } })).toBe(true);
    expect(holds({ annotations: { department: "fluid", another: "" } })).toBe(false);
    expect(holds({ annotations: { "": "" } }, { annotations: {} })).toBe(false);
  });

  it("whatever the case of its members, as Go reads them", () => {
    expect(holds({ HASBINDMOUNTS: true }, { hasBindMounts: true })).toBe(true);
  });
});

describe("a hook of version 0.1.0 is for a container", () => {
  it("where one condition holds", () => {
    expect(oldHolds({})).toBe(false);
    expect(oldHolds({ always: true })).toBe(false);
    expect(oldHolds({ cmds: ["/sh$"] })).toBe(true);
    expect(oldHolds({ cmd: ["/init$", "/sh$"] })).toBe(true);
    expect(oldHolds({ cmds: ["/init$"], hasbindmounts: true })).toBe(false);
    expect(oldHolds({ cmds: ["/init$"], hasbindmounts: true }, { hasBindMounts: true })).toBe(true);
    expect(oldHolds({ annotations: ["^none$", "dynamics$"] })).toBe(true);
    expect(oldHolds({ annotation: ["^none$"] })).toBe(false);
    expect(oldHolds({ cmds: ["/init$"], annotation: ["^fluid"] })).toBe(true);
  });
});

describe("the hooks of folders", () => {
  let first = "";
  let second = "";
  let warnings: string[] = [];
  beforeEach(() => {
    first = temporaryDirectory();
    second = temporaryDirectory();
    warnings = [];
  });

  const always = (name: string, stages: readonly string[] = ["poststop"]) => ({
    version: "1.0.0",
    hook: { path: "/bin/sh", args: [name] },
    when: { always: true },
    stages,
  });
  const write = (folder: string, name: string, content: object | string): void =>
    writeFileSync(path.join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  const find = (options: Partial<FindHooksOptions> = {}) =>
    findHooks({
      folders: [first, second],
      command: "/bin/sh",
      onWarning: (sentence) => warnings.push(sentence),
      ...options,
    });
  const names = (): readonly unknown[] => find().map(({ hook }) => hook.args?.[0]);

  it("are in the order of their names in small letters, and a later folder's hide an earlier one's of that name", () => {
    write(first, "b.json", always("b of first"));
    write(first, "C.json", always("C of first"));
    write(first, "a.json", always("a of first"));
    write(first, "README", "no hook");
    write(first, "d.JSON", "no hook");
    write(second, "b.json", always("b of second"));
    write(second, "B2.json", always("B2 of second"));
    expect(names()).toEqual(["a of first", "b of second", "B2 of second", "C of first"]);
    expect(find({ folders: [second, first] }).map(({ hook }) => hook.args?.[0])).toEqual([
      "a of first",
      "b of first",
      "B2 of second",
      "C of first",
    ]);
    expect(warnings).toEqual([]);
  });

  it("that hide others need not be for the container", () => {
    write(first, "a.json", always("a"));
    write(second, "a.json", { ...always("none"), when: {} });
    expect(names()).toEqual([]);
  });

  it("go to the stages that they name, in their order", () => {
    write(first, "a.json", always("a", ["prestart", "poststop"]));
    write(first, "b.json", {
      version: "1.0.0",
      hook: { path: "/bin/sh", env: ["A=1"], timeout: 3 },
      when: { always: true },
      stages: ["poststop", "startContainer"],
    });
    write(first, "c.json", { hook: "/bin/sh", arguments: ["-c", "true"], stage: ["poststart"], cmd: [""] });
    write(first, "d.json", { hook: "/bin/sh", stages: ["poststart", "createRuntime"], cmd: [""] });
    write(first, "e.json", always("e", []));
    const b = { path: "/bin/sh", env: ["A=1"], timeout: 3 };
    const a = { path: "/bin/sh", args: ["a"] };
    expect(JSON.parse(JSON.stringify(byStage(find())))).toEqual({
      prestart: [a],
      poststop: [a, b],
      startContainer: [b],
      poststart: [{ path: "/bin/sh", args: ["/bin/sh", "-c", "true"] }, { path: "/bin/sh" }],
      createRuntime: [{ path: "/bin/sh" }],
    });
  });

  it("are left out, with a warning, where their program or folder is not there", () => {
    write(first, "a.json", { ...always("a"), hook: { path: "/no/such/program" } });
    write(second, "b.json", always("b"));
    symlinkSync("nothing", path.join(first, "link.json"));
    const missing = path.join(first, "none");
    expect(find({ folders: [first, missing, second] }).map(({ hook }) => hook.args)).toEqual([["b"]]);
    expect(warnings).toEqual([
      `there is no folder "${missing}" of hooks`,
      `the hook "${path.join(first, "a.json")}" is left out: there is no program "/no/such/program"`,
    ]);
  });

  const good = { version: "1.0.0", hook: { path: "/bin/sh" }, when: { always: true }, stages: ["prestart"] };
  it.each<readonly [string, object | string, string | RegExp]>([
    ["no JSON", "{", /^it is no JSON: /],
    ["empty", "", /^it is no JSON: /],
    ["null", "null", "it is no object"],
    ["a list", "[]", "it is no object"],
    [
      "another version",
      { ...good, version: "2.0.0" },
      'its version is "2.0.0", and 1.0.0 and 0.1.0 are known',
    ],
    ["a version that is no text", { ...good, version: 1 }, "version is no text"],
    ["no hook", { ...good, hook: undefined }, "hook.path is missing"],
    ["a hook that is text", { ...good, hook: "/bin/sh" }, "hook is no object"],
    ["no path", { ...good, hook: {} }, "hook.path is missing"],
    ["an empty path", { ...good, hook: { path: "" } }, "hook.path is missing"],
    ["a relative path", { ...good, hook: { path: "sh" } }, 'hook.path is "sh", which is no absolute path'],
    [
      "args that are text",
      { ...good, hook: { path: "/bin/sh", args: "x" } },
      "hook.args is no list of texts",
    ],
    ["env with a number", { ...good, hook: { path: "/bin/sh", env: [1] } }, "hook.env is no list of texts"],
    [
      "no time",
      { ...good, hook: { path: "/bin/sh", timeout: 0 } },
      "hook.timeout is no whole number above 0",
    ],
    [
      "half a second",
      { ...good, hook: { path: "/bin/sh", timeout: 0.5 } },
      "hook.timeout is no whole number above 0",
    ],
    ["when as a list", { ...good, when: [] }, "when is no object"],
    ["always as text", { ...good, when: { always: "true" } }, "when.always is no true or false"],
    [
      "annotations as a list",
      { ...good, when: { annotations: ["a"] } },
      "when.annotations is no object of texts",
    ],
    [
      "a number to match",
      { ...good, when: { annotations: { a: 1 } } },
      "when.annotations is no object of texts",
    ],
    [
      "a bad pattern",
      { ...good, when: { commands: ["("] } },
      'the pattern "(": error parsing regexp: missing closing ): `(`',
    ],
    [
      "a bad name",
      { ...good, when: { annotations: { "*": "" } } },
      'the pattern "*": error parsing regexp: missing argument to repetition operator: `*`',
    ],
    ["no stages", { ...good, stages: undefined }, "stages is missing"],
    ["null as stages", { ...good, stages: null }, "stages is missing"],
    [
      "a stage of others",
      { ...good, stages: ["precreate"] },
      'the stage "precreate" is not known, of prestart, createRuntime, createContainer, startContainer, poststart, poststop',
    ],
    ["0.1.0 without hook", { stages: [] }, "hook is missing"],
    ["0.1.0 with an object", { hook: { path: "/bin/sh" }, stages: [] }, "hook is no text"],
    ["0.1.0 without stages", { hook: "/bin/sh" }, "stages is missing"],
    [
      "0.1.0 with both",
      { version: "0.1.0", hook: "/bin/sh", stages: [], cmd: [], cmds: [] },
      "cmds and cmd are the same, and only one may be there",
    ],
  ])("are refused where a file is bad: %s", (_, content, why) => {
    write(first, "good.json", always("good"));
    write(first, "bad.json", content);
    const words = `the hook "${path.join(first, "bad.json")}" cannot be used: `;
    let said: unknown;
    try {
      find();
    } catch (error) {
      said = error;
    }
    expect(said).toMatchObject({
      code: "ERR_DRAYAGE_CONFIGURATION_INVALID",
      message: typeof why === "string" ? `${words}${why}` : expect.stringContaining(words),
    });
    if (typeof why !== "string") expect((said as Error).message.slice(words.length)).toMatch(why);
  });

  it("are refused where a file is none, or too long, or there are too many", () => {
    const bad = path.join(first, "bad.json");
    mkdirSync(bad);
    expect(() => find()).toThrow(`the hook "${bad}" cannot be used: it is no file`);
    expect(() => find({ folders: [path.join(first, "bad.json"), "/dev/null"] })).toThrow(
      /cannot read the hooks of "\/dev\/null": .*ENOTDIR/,
    );
    write(second, "long.json", `${JSON.stringify(always("long"))}${" ".repeat(1024 * 1024)}`);
    expect(() => find({ folders: [second] })).toThrow(
      /long\.json" cannot be used: it is longer than 1048576 bytes/,
    );
    const many = temporaryDirectory();
    for (let at = 0; at < 1001; at++) write(many, `${at}.json`, "");
    expect(() => find({ folders: [many] })).toThrow(/it has 1001 files, where at most 1000 are accepted/);
  });

  it.skipIf(process.platform === "win32")("are refused, and not waited for, where a file is a queue", () => {
    execFileSync("mkfifo", [path.join(first, "queue.json")]);
    expect(() => find()).toThrow(/queue\.json" cannot be used: it is no file/);
  });
});
