import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { authFilePaths } from "../src/auth/files.ts";
import { containersKeychain, type KeychainOptions } from "../src/index.ts";
import {
  auth,
  createMachine,
  fakeHelper,
  helperCalls,
  type Machine,
  putInHelper,
} from "./support/machine.ts";

const who = (username: string) => ({ username, password: "pw" });
const entry = (username: string) => ({ auth: auth(username, "pw") });

function ask(machine: Machine, name: string, options: KeychainOptions = {}): Promise<unknown> {
  return containersKeychain({ env: machine.env, ...options }).credentials(name);
}

describe("the files", () => {
  it("are asked in the order of containers-auth.json(5)", async () => {
    const machine = createMachine();
    const { env, home } = machine;
    const files = [
      machine.authJson,
      join(home, ".config/containers/auth.json"),
      machine.dockerJson,
      join(home, ".dockercfg"),
    ];
    files.forEach((path, index) => {
      const auths = { "r.example": entry(`user${index}`) };
      machine.write(path, path.endsWith(".dockercfg") ? auths : { auths });
    });
    expect(authFilePaths({ env }).map(({ path }) => path)).toEqual(files);
    for (const [index, path] of files.entries()) {
      expect(await ask(machine, "r.example")).toEqual(who(`user${index}`));
      rmSync(path);
    }
    expect(await ask(machine, "r.example")).toBeUndefined();
  });

  it("are where XDG_CONFIG_HOME and DOCKER_CONFIG say, and empty variables say nothing", () => {
    const paths = (env: Record<string, string>): string[] =>
      authFilePaths({ env: { HOME: "/h", XDG_RUNTIME_DIR: "/", ...env } }).map(({ path }) => path);
    expect(paths({ XDG_CONFIG_HOME: "/x", DOCKER_CONFIG: "/d" })).toEqual([
      "/containers/auth.json",
      "/x/containers/auth.json",
      "/d/config.json",
      "/h/.dockercfg",
    ]);
    expect(paths({ XDG_CONFIG_HOME: "", DOCKER_CONFIG: "", REGISTRY_AUTH_FILE: "" })).toEqual([
      "/containers/auth.json",
      "/h/.config/containers/auth.json",
      "/h/.docker/config.json",
      "/h/.dockercfg",
    ]);
    expect(authFilePaths({ env: { HOME: "/h" }, platform: "linux" })[0]?.path).toBe(
      `/run/containers/${process.getuid?.()}/auth.json`,
    );
    expect(authFilePaths({ env: { HOME: "/h" }, platform: "darwin" }).map(({ path }) => path)).toEqual([
      "/h/.config/containers/auth.json",
      "/h/.docker/config.json",
      "/h/.dockercfg",
    ]);
  });

  it("are one alone where it was named, by the option rather than by REGISTRY_AUTH_FILE", async () => {
    const machine = createMachine();
    machine.write(machine.authJson, { auths: { "r.example": entry("usual") } });
    const one = machine.write(join(machine.folder, "one.json"), { auths: { "r.example": entry("one") } });
    const two = machine.write(join(machine.folder, "two.json"), { auths: {} });
    const env = { ...machine.env, REGISTRY_AUTH_FILE: one };
    expect(await ask(machine, "r.example", { env })).toEqual(who("one"));
    expect(await ask(machine, "r.example", { env, authFile: two })).toBeUndefined();
    expect(await ask(machine, "r.example", { authFile: join(machine.folder, "none.json") })).toBeUndefined();
  });

  it("warn where XDG_RUNTIME_DIR names nothing, and the others are asked", async () => {
    const machine = createMachine();
    machine.write(machine.dockerJson, { auths: { "r.example": entry("docker") } });
    const warnings: string[] = [];
    const env = { ...machine.env, XDG_RUNTIME_DIR: "/nonexistent/runtime" };
    const keychain = containersKeychain({ env, onWarning: (message) => warnings.push(message) });
    expect(await keychain.credentials("r.example")).toEqual(who("docker"));
    await keychain.credentials("other.example");
    expect(warnings).toEqual([
      '"/nonexistent/runtime", which XDG_RUNTIME_DIR names, does not exist: logins in it are not seen',
    ]);
  });

  it.skipIf(process.getuid?.() === 0)(
    "warn where one may not read them, unless the file was named",
    async () => {
      const machine = createMachine();
      machine.write(machine.authJson, { auths: { "r.example": entry("secret") } });
      chmodSync(machine.authJson, 0);
      machine.write(machine.dockerJson, { auths: { "r.example": entry("docker") } });
      const warnings: string[] = [];
      const onWarning = (message: string): void => void warnings.push(message);
      expect(await ask(machine, "r.example", { onWarning })).toEqual(who("docker"));
      expect(warnings).toEqual([expect.stringContaining(`${machine.authJson}": permission denied`)]);
      await expect(ask(machine, "r.example", { authFile: machine.authJson })).rejects.toMatchObject({
        code: "ERR_DRAYAGE_IO",
      });
    },
  );

  it("need no home folder", async () => {
    const machine = createMachine();
    expect(await ask(machine, "r.example", { env: { ...machine.env, HOME: "/dev/null" } })).toBeUndefined();
  });

  it("are refused where they are malformed, by their name and without a word of what they hold", async () => {
    const secret = "c2VjcmV0OnNlY3JldA==";
    const cases: readonly [content: string, reason: string][] = [
      ["", "it is empty"],
      [`{"auths": {"r.example": {"auth": "${secret}" x`, "it is not JSON"],
      [`{"auths": {"r.example": {"auth": "${secret}\xff\u0000"}}`, "it is not JSON"],
      [`["${secret}"]`, "it is not a JSON object"],
      [`{"auths": ["${secret}"]}`, "auths is not an object"],
      [`{"credHelpers": {"r.example": ["${secret}"]}}`, "credHelpers has something other than names"],
      [`{"credsStore": ["${secret}"]}`, "credsStore is not text"],
      [`{"auths": {"r.example": "${secret}"}}`, 'the entry of "r.example" is not an object'],
      [
        `{"auths": {"r.example": {"auth": ["${secret}"]}}}`,
        'the entry of "r.example" has something other than text for auth or identitytoken',
      ],
      [`{"auths": {"r.example": {"auth": "${secret}!"}}}`, 'auth in the entry of "r.example" is not base64'],
      [`{"auths": {"r.example": {"auth": "${secret.slice(0, -1)}"}}}`, "is not base64"],
    ];
    for (const [content, reason] of cases) {
      const machine = createMachine();
      machine.write(machine.authJson, content);
      const error = await ask(machine, "r.example").catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "ERR_DRAYAGE_CONFIGURATION_INVALID" });
      expect((error as Error).message).toContain(machine.authJson);
      expect((error as Error).message).toContain(reason);
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(secret.slice(0, 8));
    }
  });

  it("are at most 4 MiB, and no folder", async () => {
    const machine = createMachine();
    machine.write(machine.authJson, " ".repeat(4 * 1024 * 1024 + 1));
    await expect(ask(machine, "r.example")).rejects.toMatchObject({ code: "ERR_DRAYAGE_LIMIT_EXCEEDED" });
    rmSync(machine.authJson);
    mkdirSync(machine.authJson);
    await expect(ask(machine, "r.example")).rejects.toMatchObject({ code: "ERR_DRAYAGE_IO" });
  });
});

describe("the entries of a file", () => {
  it("are matched by the longest path", async () => {
    const machine = createMachine();
    machine.write(machine.authJson, {
      auths: {
        "r.example": entry("all"),
        "r.example/a/b": entry("deep"),
        "r.example/a": entry("shallow"),
        "r.example:5000": entry("port"),
      },
    });
    const expected = {
      "r.example/a/b/c": "deep",
      "r.example/a/b": "deep",
      "r.example/a/bc": "shallow",
      "r.example/a": "shallow",
      "r.example/ab": "all",
      "r.example": "all",
      "r.example:5000/a/b": "port",
    };
    for (const [name, user] of Object.entries(expected)) expect(await ask(machine, name)).toEqual(who(user));
    expect(await ask(machine, "r.example:5001/a")).toBeUndefined();
    expect(await ask(machine, "example")).toBeUndefined();
  });

  it("of Docker Hub have several spellings", async () => {
    for (const key of [
      "docker.io",
      "index.docker.io",
      "registry-1.docker.io",
      "https://index.docker.io/v1/",
      "http://docker.io",
      "https://registry-1.docker.io/v2/",
    ]) {
      const machine = createMachine();
      machine.write(machine.dockerJson, { auths: { other: {}, [key]: entry("hub") } });
      for (const name of ["docker.io", "docker.io/library/busybox", "index.docker.io"]) {
        expect(await ask(machine, name), `${name} by ${key}`).toEqual(who("hub"));
      }
      expect(await ask(machine, "quay.io")).toBeUndefined();
    }
  });

  it("may be URLs, and in ~/.dockercfg URLs without a scheme", async () => {
    const machine = createMachine();
    machine.write(machine.dockerJson, { auths: { "https://r.example:5000/v1/": entry("url") } });
    machine.write(join(machine.home, ".dockercfg"), { "legacy.example/v1/": entry("legacy") });
    expect(await ask(machine, "r.example:5000/a")).toEqual(who("url"));
    expect(await ask(machine, "legacy.example/v1/x")).toEqual(who("legacy"));
    expect(await ask(machine, "r.example")).toBeUndefined();
  });

  it("have identity tokens, and passwords with colons and padding", async () => {
    const machine = createMachine();
    machine.write(machine.authJson, {
      auths: {
        "acr.example": { auth: auth("00000000-0000-0000-0000-000000000000", ""), identitytoken: "tok" },
        "bare.example": { identitytoken: "bare" },
        "colon.example": { auth: auth("u", "a:b:c") },
        "nul.example": { auth: auth("u", "\0p\0q\0\0") },
        "utf8.example": { auth: auth("ü", "pässwörd€") },
        "lines.example": { auth: `${auth("u", "p").slice(0, 2)}\n${auth("u", "p").slice(2)}` },
        "empty-password.example": { auth: auth("u", "") },
      },
    });
    expect(await ask(machine, "acr.example")).toEqual({ identityToken: "tok" });
    expect(await ask(machine, "bare.example")).toEqual({ identityToken: "bare" });
    expect(await ask(machine, "colon.example")).toEqual({ username: "u", password: "a:b:c" });
    expect(await ask(machine, "nul.example")).toEqual({ username: "u", password: "p\0q" });
    expect(await ask(machine, "utf8.example")).toEqual({ username: "ü", password: "pässwörd€" });
    expect(await ask(machine, "lines.example")).toEqual({ username: "u", password: "p" });
    expect(await ask(machine, "empty-password.example")).toEqual({ username: "u", password: "" });
  });

  it("that are empty or have no colon count for nothing, and the next file is asked", async () => {
    const machine = createMachine();
    const warnings: string[] = [];
    const onWarning = (message: string): void => void warnings.push(message);
    machine.write(machine.authJson, {
      auths: {
        "a.example": {},
        "b.example": { auth: "" },
        "c.example": { auth: Buffer.from("secretword").toString("base64") },
        "d.example": null,
        "e.example": { auth: auth("", "") },
      },
    });
    const names = ["a", "b", "c", "d", "e"].map((letter) => `${letter}.example`);
    machine.write(machine.dockerJson, {
      auths: Object.fromEntries(names.map((name) => [name, entry("docker")])),
    });
    for (const name of names) expect(await ask(machine, name, { onWarning })).toEqual(who("docker"));
    expect(warnings).toEqual([
      `${machine.authJson}: auth in the entry of "c.example" has no colon between user and password`,
    ]);
  });

  it("are not asked for by what is no name", async () => {
    const machine = createMachine();
    for (const name of [
      "https://r.example",
      "r.example/a:tag",
      "r.example/a@sha256:00",
      "user:pw@r.example",
    ]) {
      const error = await ask(machine, name).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
      expect(String(error)).not.toContain("pw");
    }
  });

  it("are not found in what all objects have", async () => {
    const machine = createMachine();
    machine.write(machine.authJson, "{}");
    for (const name of ["constructor", "__proto__", "toString"]) {
      expect(await ask(machine, name)).toBeUndefined();
    }
  });
});

describe("helpers", () => {
  it("of credHelpers are asked for the registry, before the entries, and nobody after them", async () => {
    const machine = createMachine();
    machine.install("docker-credential-fake", fakeHelper);
    putInHelper(machine, "r.example:5000", { user: "helped", secret: "pw" });
    machine.write(machine.authJson, {
      auths: { "r.example:5000": entry("plain"), "none.example": entry("plain") },
      credHelpers: { "r.example:5000": "fake", "none.example": "fake" },
    });
    expect(await ask(machine, "r.example:5000/a/b")).toEqual(who("helped"));
    expect(await ask(machine, "none.example")).toBeUndefined();
    machine.write(machine.dockerJson, { auths: { "none.example": entry("docker") } });
    expect(await ask(machine, "none.example")).toEqual(who("docker"));
  });

  it("give identity tokens as the user <token>, and answers without a server's name count", async () => {
    const machine = createMachine();
    machine.install("docker-credential-token", `echo '{"Username":"<token>","Secret":"refresh"}'`);
    machine.install("docker-credential-empty", `echo '{"Username":"","Secret":""}'`);
    machine.write(machine.authJson, { credHelpers: { "r.example": "token", "e.example": "empty" } });
    expect(await ask(machine, "r.example")).toEqual({ identityToken: "refresh" });
    expect(await ask(machine, "e.example")).toBeUndefined();
  });

  it("of credsStore are asked for what has no entry or an empty one", async () => {
    const machine = createMachine();
    machine.install("docker-credential-fake", fakeHelper);
    for (const server of ["r.example", "plain.example", "https://index.docker.io/v1/"]) {
      putInHelper(machine, server, { user: "stored", secret: "pw" });
    }
    machine.write(machine.dockerJson, {
      auths: { "r.example": {}, "plain.example": entry("plain") },
      credsStore: "fake",
      credHelpers: { "off.example": "" },
    });
    expect(await ask(machine, "r.example/x")).toEqual(who("stored"));
    expect(await ask(machine, "plain.example")).toEqual(who("plain"));
    expect(await ask(machine, "docker.io/library/busybox")).toEqual(who("stored"));
    expect(await ask(machine, "unknown.example")).toBeUndefined();
    expect(helperCalls(machine)).toEqual(["get", "get", "get"]);
    // docker's way to say that one registry is not the store's.
    expect(await ask(machine, "off.example")).toBeUndefined();
    expect(helperCalls(machine)).toHaveLength(3);
  });

  it("for Docker Hub are found and asked by each of its names", async () => {
    const machine = createMachine();
    machine.install("docker-credential-fake", fakeHelper);
    putInHelper(machine, "https://index.docker.io/v1/", { user: "hub", secret: "pw" });
    for (const key of ["docker.io", "https://index.docker.io/v1/", "index.docker.io"]) {
      machine.write(machine.dockerJson, { credHelpers: { [key]: "fake" } });
      expect(await ask(machine, "docker.io/library/busybox"), key).toEqual(who("hub"));
    }
  });

  it("that credsStore names but nobody has installed are warned of, those of credHelpers are errors", async () => {
    const machine = createMachine();
    const warnings: string[] = [];
    machine.write(machine.dockerJson, { credsStore: "desktop", credHelpers: { "h.example": "desktop" } });
    const options = { onWarning: (message: string): void => void warnings.push(message) };
    expect(await ask(machine, "r.example", options)).toBeUndefined();
    expect(warnings).toEqual([
      `docker-credential-desktop is not installed, which credsStore of ${machine.dockerJson} names`,
    ]);
    await expect(ask(machine, "h.example", options)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_CREDENTIALS",
      message: "docker-credential-desktop is not installed",
    });
  });

  it("that fail are errors with what they say, unless that may be a secret", async () => {
    const cases: readonly [script: string, message: string][] = [
      ["echo 'keychain is locked'; exit 1", "failed (exit status 1): keychain is locked"],
      ["echo 'ERROR: no active account' >&2; exit 3", "failed (exit status 3): ERROR: no active account"],
      [`echo '{"Secret":"hunter2"}'; exit 1`, "failed (exit status 1)"],
      ["echo 'Password: hunter2'; exit 1", "failed (exit status 1)"],
      ["echo 'sent Authorization: Basic aHVudGVyMg=='; exit 1", "failed (exit status 1)"],
      ["echo 'refused Bearer hunter2'; exit 1", "failed (exit status 1)"],
      ["kill -9 $$", "failed (SIGKILL)"],
      [`printf '{"Secret":"hunter2"'`, "answered what is not of its protocol"],
      [`echo '["hunter2"]'`, "answered what is not of its protocol"],
      [`echo '{"Username":1,"Secret":"hunter2"}'`, "answered what is not of its protocol"],
    ];
    for (const [script, message] of cases) {
      const machine = createMachine();
      machine.install("docker-credential-bad", script);
      machine.write(machine.authJson, { credHelpers: { "r.example": "bad" } });
      const error = await ask(machine, "r.example").catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: "ERR_DRAYAGE_CREDENTIALS",
        message: `docker-credential-bad get ${message}`,
      });
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("hunter2");
    }
  });

  it("that print without end, or never answer, are ended", async () => {
    const machine = createMachine();
    machine.install("docker-credential-yes", "exec yes secret");
    machine.install("docker-credential-slow", "sleep 5 & wait");
    machine.write(machine.authJson, { credHelpers: { "yes.example": "yes", "slow.example": "slow" } });
    await expect(ask(machine, "yes.example")).rejects.toMatchObject({
      code: "ERR_DRAYAGE_CREDENTIALS",
      message: "docker-credential-yes printed more than 1 MiB",
    });
    await expect(ask(machine, "slow.example", { helperTimeout: 50 })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_CREDENTIALS",
      message: "docker-credential-slow did not answer within 0.05 s",
    });
    const controller = new AbortController();
    const asked = containersKeychain({ env: machine.env }).credentials("slow.example", controller);
    setTimeout(() => controller.abort(), 20);
    await expect(asked).rejects.toMatchObject({ code: "ERR_DRAYAGE_ABORTED" });
  });

  it("are names, not paths", async () => {
    const machine = createMachine();
    machine.install("evil", "touch $HELPER_STORE/evil");
    for (const name of ["/../evil", "../evil", "a/b", "-x", "a b", "a\nb", "x".repeat(101)]) {
      machine.write(machine.authJson, { credHelpers: { "r.example": name } });
      await expect(ask(machine, "r.example"), name).rejects.toMatchObject({
        code: "ERR_DRAYAGE_CONFIGURATION_INVALID",
      });
    }
  });

  it("of registries.conf are asked in their order, for the registry", async () => {
    const machine = createMachine();
    machine.install("docker-credential-fake", fakeHelper);
    putInHelper(machine, "r.example", { user: "helped", secret: "pw" });
    machine.write(machine.authJson, { auths: { "r.example": entry("file"), "f.example": entry("file") } });
    const first = { credentialHelpers: ["fake", "containers-auth.json"] };
    expect(await ask(machine, "r.example/a", first)).toEqual(who("helped"));
    expect(await ask(machine, "f.example/a", first)).toEqual(who("file"));
    const last = { credentialHelpers: ["containers-auth.json", "fake"] };
    expect(await ask(machine, "r.example/a", last)).toEqual(who("file"));
    expect(await ask(machine, "r.example", { credentialHelpers: ["fake"] })).toEqual(who("helped"));
    expect(await ask(machine, "f.example", { credentialHelpers: ["fake"] })).toBeUndefined();
  });

  it("of registries.conf that fail are warned of where another has the login, else they are the error", async () => {
    const machine = createMachine();
    machine.write(machine.authJson, { auths: { "f.example": entry("file") } });
    const warnings: string[] = [];
    const options = {
      credentialHelpers: ["absent", "containers-auth.json", "gone"],
      onWarning: (message: string): void => void warnings.push(message),
    };
    expect(await ask(machine, "f.example", options)).toEqual(who("file"));
    expect(warnings).toEqual(["docker-credential-absent is not installed"]);
    await expect(ask(machine, "r.example", options)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_CREDENTIALS",
      message: "docker-credential-absent is not installed; docker-credential-gone is not installed",
    });
  });

  it("are asked once for many repositories of a name, and files each time", async () => {
    const machine = createMachine();
    machine.install("docker-credential-fake", fakeHelper);
    putInHelper(machine, "r.example", { user: "helped", secret: "pw" });
    machine.write(machine.authJson, {
      credHelpers: { "r.example": "fake" },
      auths: { "f.example": entry("a") },
    });
    const keychain = containersKeychain({ env: machine.env });
    for (let count = 0; count < 3; count++) {
      expect(await keychain.credentials("r.example/a")).toEqual(who("helped"));
      expect(await keychain.credentials("r.example/b")).toEqual(who("helped"));
    }
    expect(helperCalls(machine)).toEqual(["get"]);
    expect(await keychain.credentials("f.example")).toEqual(who("a"));
    machine.write(machine.authJson, { auths: { "f.example": entry("b") } });
    expect(await keychain.credentials("f.example")).toEqual(who("b"));
  });
});
