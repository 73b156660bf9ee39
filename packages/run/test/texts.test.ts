import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { temporaryDirectory } from "@drayage-internal/peers";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { capabilitiesOf } from "../src/capabilities.ts";
import { hostsText } from "../src/files/hosts.ts";
import { resolvText } from "../src/files/resolv.ts";
import { findRuntime, parseMounts, parseSecret } from "../src/index.ts";
import { inOrder } from "../src/mounts/spec.ts";
import { seccompFilter } from "../src/runtime/seccomp.ts";
import { parseUlimit } from "../src/ulimits.ts";
import { findUser } from "../src/user/find-user.ts";

describe("texts of mounts", () => {
  let folder = "";
  beforeAll(() => {
    folder = temporaryDirectory();
    mkdirSync(path.join(folder, "a:b"));
    mkdirSync(path.join(folder, "context/inner"), { recursive: true });
    symlinkSync(folder, path.join(folder, "context/out"));
  });
  const volume = async (text: string) => (await parseMounts({ volumes: [text] }))[0];
  const mount = async (text: string, context = {}) => (await parseMounts({ mounts: [text] }, context))[0];

  it("are read as buildah reads them", async () => {
    expect(await volume(`${folder}:/x/../y/`)).toEqual({
      type: "bind",
      source: folder,
      destination: "/y",
      options: [],
      chown: false,
    });
    expect(await volume(`${folder}/a\\:b:/y:ro,z,U,rslave`)).toMatchObject({
      source: `${folder}/a:b`,
      options: ["ro", "rslave"],
      chown: true,
    });
    expect(await volume(`${folder}:/y:O,upperdir=/u,workdir=/w`)).toMatchObject({
      type: "overlay",
      upper: "/u",
      work: "/w",
    });
    expect(await mount(`type=bind,src=${folder},dst=/y`)).toMatchObject({ options: ["ro", "rbind"] });
    expect(await mount(`src=${folder},target=/y,rw,bind-nonrecursive,bind-propagation=shared`)).toMatchObject(
      {
        options: ["rw", "shared", "bind"],
      },
    );
    expect(await mount("type=tmpfs,target=/y,ro,tmpfs-size=10m")).toEqual({
      type: "tmpfs",
      destination: "/y",
      options: ["ro", "size=10m"],
    });
    expect(await mount("type=secret,id=none")).toBeUndefined();
  });

  it.skipIf(process.platform !== "linux")(
    "have sources within their context, through links, too",
    async () => {
      const contextDir = path.join(folder, "context");
      expect(await mount("src=/inner,target=/y", { contextDir })).toMatchObject({
        source: path.join(contextDir, "inner"),
      });
      expect(await mount("src=../../inner,target=/y", { contextDir })).toMatchObject({
        source: path.join(contextDir, "inner"),
      });
      await expect(mount("src=out/context,target=/y", { contextDir })).rejects.toMatchObject({
        code: "ERR_DRAYAGE_IO",
      });
    },
  );

  it.each([
    ["x", "write SOURCE:DESTINATION or SOURCE:DESTINATION:OPTIONS"],
    ["relative:/y", "begin it with /"],
    ["/:relative", "begin it with /"],
    ["/:/", "begin it with /"],
    ["/:/y:rw,ro", "leave one of them"],
    ["/:/y:O,upperdir=/u", "give both, or none"],
    ["/:/y:sticky", expect.stringContaining("noexec")],
  ])("volume %j is refused with what is accepted", async (text, hint) => {
    await expect(volume(text)).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE", hint });
  });

  it.each([
    ["type=image,target=/y", "it is one of bind, cache, secret, tmpfs"],
    ["type=tmpfs", "add target=PATH"],
    ["type=bind,target=/y", "add src=PATH"],
    ["type=bind,from=x,target=/y", "leave it out"],
    ["type=tmpfs,target=/y,src=/", expect.stringContaining("tmpfs-size")],
    ["type=cache,target=/y,sharing=private", "it is shared or locked"],
    ["type=secret,id=x,required=true", "give it by --secret id=x,src=FILE"],
    ["type=secret,id=../x", "add id=NAME"],
    ["type=cache,target=/y,uid=4294967295", "write a number"],
  ])("mount %j is refused with what is accepted", async (text, hint) => {
    await expect(mount(text)).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE", hint });
  });

  it("of the same destination are refused", async () => {
    await expect(parseMounts({ volumes: ["/:/y", "/:/y/"] })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
    });
  });

  it("of secrets name where they come from, and never what they are", () => {
    const env = { token: "value" };
    expect(parseSecret("id=token", env)).toEqual({ id: "token", source: { variable: "token" } });
    expect(parseSecret("id=token,src=/f", env)).toEqual({ id: "token", source: { file: "/f" } });
    expect(parseSecret("id=x,type=env,src=V", env)).toEqual({ id: "x", source: { variable: "V" } });
    expect(parseSecret("id=file", env)).toEqual({ id: "file", source: { file: "file" } });
    for (const text of ["", "src=/x", "id=a/b,src=x", "id=a,type=disk", "id=a,topsecret"])
      expect(() => parseSecret(text, env)).toThrow();
    expect(() => parseSecret("id=a,value=hunter2", env)).not.toThrow(/hunter2/);
    expect(() => parseSecret("id=a,value=hunter2", env)).toThrow(/"value"/);
    expect(() => parseSecret("id=a,hunter2", env)).toThrow("a secret has a field without a value");
  });

  it("with a secret whose source is not there are refused, also where no mount asks for it", async () => {
    const env = { SET: "x" };
    const parse = (text: string) => parseMounts({}, { secrets: [parseSecret(text, env)], env });
    expect(await parse("id=s,env=SET")).toEqual([]);
    await expect(parse("id=s,env=UNSET")).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
      message: 'the variable "UNSET" of the secret "s" is not set',
    });
    await expect(parse("id=s,src=/not/there")).rejects.toMatchObject({
      code: "ERR_DRAYAGE_IO",
      message: expect.stringContaining('cannot read the secret "s" from "/not/there": no such file'),
    });
  });

  it.runIf(process.platform === "linux")("of a secret without end is refused", async () => {
    const secrets = [parseSecret("id=x,src=/dev/zero", {})];
    await expect(parseMounts({ mounts: ["type=secret,id=x"] }, { secrets })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
      message: 'the secret "x" is longer than 512 KiB',
    });
  });

  it("with anything in them end in mounts or in ERR_DRAYAGE_USAGE or ERR_DRAYAGE_IO", async () => {
    const word = fc.oneof(
      fc.constantFrom("type=", "bind", "src=", "target=/", ",", ":", "/", "ro", "id=", "tmpfs", "=", "\\"),
      fc.string({ maxLength: 4 }),
    );
    const text = fc.array(word, { maxLength: 12 }).map((words) => words.join(""));
    await fc.assert(
      fc.asyncProperty(text, async (one) => {
        for (const attempt of [
          parseMounts({ volumes: [one] }),
          parseMounts({ mounts: [one.replace("cache", "")] }),
        ]) {
          const outcome = await attempt.catch((error: unknown) => error);
          if (!Array.isArray(outcome))
            expect(["ERR_DRAYAGE_USAGE", "ERR_DRAYAGE_IO"]).toContain((outcome as { code?: unknown }).code);
        }
      }),
    );
  });
});

describe("users", () => {
  const files = {
    passwd:
      "root:x:0:0:root:/root:/bin/sh\nbroken:x:1\napp:x:1000:1001:App:/home/app:/bin/sh\n12:x:99:99::/:/bin/sh\n",
    group: "root:x:0:\nstaff:x:50:app,other\nlong:x:51:application\n",
  };
  it.each([
    ["", { uid: 0, gid: 0, groups: [0], home: "/root" }],
    ["app", { uid: 1000, gid: 1001, groups: [1001, 50], home: "/home/app" }],
    ["1000", { uid: 1000, gid: 1001, groups: [1001, 50], home: "/home/app" }],
    ["app:staff", { uid: 1000, gid: 50, groups: [50], home: "/home/app" }],
    ["app:7", { uid: 1000, gid: 7, groups: [7], home: "/home/app" }],
    ["12", { uid: 12, gid: 0, groups: [0], home: "/" }],
    [":staff", { uid: 0, gid: 50, groups: [50], home: "/root" }],
  ])("%j", (text, expected) => {
    expect(findUser(text, files)).toEqual(expected);
  });
  it.each(["broken", "App", "-1", "4294967295", "99999999999", "app:nothing"])("%j is unknown", (text) => {
    expect(() => findUser(text, files)).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_OWNER_NOT_FOUND" }),
    );
  });
});

describe("settings", () => {
  it("of capabilities are added and dropped, whatever they are called", () => {
    expect(capabilitiesOf()).toHaveLength(11);
    expect(capabilitiesOf({ base: ["chown"], add: ["CAP_BPF", "chown"], drop: ["BPF"] })).toEqual([
      "CAP_CHOWN",
    ]);
    expect(capabilitiesOf({ add: ["all"] })).toHaveLength(41);
    expect(capabilitiesOf({ add: ["all"], drop: ["ALL"] })).toEqual([]);
    expect(() => capabilitiesOf({ add: ["fly"] })).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_USAGE" }),
    );
  });

  it("of limits", () => {
    expect(parseUlimit("nofile=1:2")).toEqual({ type: "RLIMIT_NOFILE", soft: 1, hard: 2 });
    expect(parseUlimit("core=-1")).toEqual({ type: "RLIMIT_CORE", soft: -1, hard: -1 });
    for (const text of ["", "nofile", "nofile=2:1", "nofile=-1:5", "files=1", "nofile=1:2:3", "nofile=-2"])
      expect(() => parseUlimit(text)).toThrow(expect.objectContaining({ code: "ERR_DRAYAGE_USAGE" }));
  });

  it("of a seccomp profile hold for the machine and the capabilities that there are", () => {
    const profile = path.join(temporaryDirectory(), "seccomp.json");
    const native = process.arch === "arm64" ? "arm64" : "amd64";
    writeFileSync(
      profile,
      JSON.stringify({
        defaultAction: "SCMP_ACT_ERRNO",
        defaultErrnoRet: 38,
        archMap: [
          { architecture: "SCMP_ARCH_X86_64", subArchitectures: ["SCMP_ARCH_X86"] },
          { architecture: "SCMP_ARCH_AARCH64", subArchitectures: ["SCMP_ARCH_ARM"] },
        ],
        syscalls: [
          { names: ["read"], action: "SCMP_ACT_ALLOW", args: [], includes: {}, excludes: {} },
          { names: ["mount"], action: "SCMP_ACT_ALLOW", includes: { caps: ["CAP_SYS_ADMIN"] } },
          { names: ["mount"], action: "SCMP_ACT_ERRNO", errnoRet: 1, excludes: { caps: ["CAP_SYS_ADMIN"] } },
          { names: ["here"], action: "SCMP_ACT_ALLOW", includes: { arches: [native] } },
          { names: ["elsewhere"], action: "SCMP_ACT_ALLOW", includes: { arches: ["s390x"] } },
          { name: "old", action: "SCMP_ACT_ALLOW", args: [{ index: 0, value: 8, op: "SCMP_CMP_EQ" }] },
        ],
      }),
    );
    expect(seccompFilter(profile, ["CAP_CHOWN"])).toEqual({
      defaultAction: "SCMP_ACT_ERRNO",
      defaultErrnoRet: 38,
      architectures:
        native === "amd64" ? ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"] : ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
      syscalls: [
        { names: ["read"], action: "SCMP_ACT_ALLOW" },
        { names: ["mount"], action: "SCMP_ACT_ERRNO", errnoRet: 1 },
        { names: ["here"], action: "SCMP_ACT_ALLOW" },
        { names: ["old"], action: "SCMP_ACT_ALLOW", args: [{ index: 0, value: 8, op: "SCMP_CMP_EQ" }] },
      ],
    });
    expect(JSON.stringify(seccompFilter(profile, ["CAP_SYS_ADMIN"]))).not.toContain('"errnoRet":1');
    expect(seccompFilter("unconfined", [])).toBeUndefined();
    writeFileSync(profile, "[]");
    expect(() => seccompFilter(profile, [])).toThrow(
      expect.objectContaining({ code: "ERR_DRAYAGE_CONFIGURATION_INVALID" }),
    );
  });

  it("of hosts and name servers", () => {
    expect(hostsText({ add: ["a:192.0.2.1", "b:::1"] })).toMatch(/^192.0.2.1\ta\n::1\tb\n/);
    expect(hostsText()).toMatch(/^127\S+\t.*localhost/m);
    for (const text of ["a", ":1.2.3.4", "a:", "a b:1.2.3.4"])
      expect(() => hostsText({ add: [text] })).toThrow();
    expect(resolvText({ servers: ["192.0.2.1"], searches: ["."], options: ["rotate"] })).toBe(
      "nameserver 192.0.2.1\noptions rotate\n",
    );
  });

  it("of the runtime: names, paths, BUILDAH_RUNTIME", () => {
    const folder = temporaryDirectory();
    writeFileSync(path.join(folder, "mine"), "#!/bin/sh\n", { mode: 0o755 });
    writeFileSync(path.join(folder, "text"), "");
    expect(findRuntime("mine", { PATH: folder })).toEqual({ path: path.join(folder, "mine") });
    expect(findRuntime(path.join(folder, "mine"), {})).toEqual({ path: path.join(folder, "mine") });
    expect(findRuntime(undefined, { PATH: folder, BUILDAH_RUNTIME: "mine" })).toEqual({
      path: path.join(folder, "mine"),
    });
    const conf = path.join(folder, "containers.conf");
    writeFileSync(
      conf,
      '[containers]\nruntime = "other"\n[engine]\n# runtime = "no"\nruntime = "mine" # ours\n[engine.runtimes]\nruntime = "x"\n',
    );
    expect(findRuntime(undefined, { PATH: folder, CONTAINERS_CONF: conf })).toEqual({
      path: path.join(folder, "mine"),
    });
    for (const name of ["text", path.join(folder, "text"), "no-such-runtime"])
      expect(() => findRuntime(name, { PATH: folder })).toThrow(
        expect.objectContaining({ code: "ERR_DRAYAGE_RUNTIME" }),
      );
  });

  it("of mounts: folders come before what is in them, the first of two counts", () => {
    const at = (destination: string, source: string) => ({ destination, source, type: "bind", options: [] });
    const ordered = inOrder([at("/a/b/c", "1"), at("/a", "2"), at("/a/b", "3"), at("/a", "4")]);
    expect(ordered.map(({ source }) => source)).toEqual(["2", "3", "1"]);
  });
});
