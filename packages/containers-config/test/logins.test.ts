import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  findLogin,
  type LoginOptions,
  listLogins,
  parseLoginName,
  removeAllLogins,
  removeLogin,
  storeLogin,
} from "../src/index.ts";
import {
  auth,
  createMachine,
  fakeHelper,
  helperCalls,
  type Machine,
  putInHelper,
} from "./support/machine.ts";

const login = { username: "u", password: "p" };
const read = (path: string): string => readFileSync(path, "utf8");
const mode = (path: string): number => statSync(path).mode & 0o777;

function store(machine: Machine, name: string, options: LoginOptions = {}): Promise<unknown> {
  return storeLogin(name, login, { env: machine.env, ...options });
}

async function failureOf(promise: Promise<unknown>): Promise<{ code: string; message: string }> {
  return promise.then(
    () => expect.unreachable(),
    (error: unknown) => error as { code: string; message: string },
  );
}

describe("storing a login", () => {
  it("writes the primary file as Go does, for the user alone", async () => {
    const machine = createMachine();
    expect(await store(machine, "r.example")).toEqual({ file: machine.authJson });
    expect(read(machine.authJson)).toBe(
      '{\n\t"auths": {\n\t\t"r.example": {\n\t\t\t"auth": "dTpw"\n\t\t}\n\t}\n}',
    );
    expect([mode(machine.authJson), mode(dirname(machine.authJson))]).toEqual([0o600, 0o700]);
    expect(readdirSync(dirname(machine.authJson))).toEqual(["auth.json"]);
  });

  it("takes permissions away that others had", async () => {
    const machine = createMachine();
    machine.write(machine.authJson, {});
    chmodSync(machine.authJson, 0o644);
    await store(machine, "r.example");
    expect(mode(machine.authJson)).toBe(0o600);
  });

  it("keeps all else in the file as it was: unknown keys, their order, numbers, twins", async () => {
    const machine = createMachine();
    machine.write(
      machine.authJson,
      '{"z":1e400,"2":[],"auths":{"b.example":{"auth":"eA==","email":"x","extra":{"n":12345678901234567890}},"1":{}},"credHelpers":{},"1":{"a":[1,{"b":"\\u003c\\/"}]}}',
    );
    await store(machine, "a.example");
    const expected = `{
	"z": 1e400,
	"2": [],
	"auths": {
		"b.example": {
			"auth": "eA==",
			"email": "x",
			"extra": {
				"n": 12345678901234567890
			}
		},
		"1": {},
		"a.example": {
			"auth": "dTpw"
		}
	},
	"credHelpers": {},
	"1": {
		"a": [
			1,
			{
				"b": "\\u003c\\/"
			}
		]
	}
}`;
    expect(read(machine.authJson)).toBe(expected);
    await storeLogin("b.example", { identityToken: "t" }, { env: machine.env });
    expect(read(machine.authJson)).toBe(
      expected.replace(
        /"auth": "eA=="[^}]*\}\n\t\t\}/,
        `"auth": "${auth("<token>", "")}",\n\t\t\t"identitytoken": "t"\n\t\t}`,
      ),
    );
  });

  it("goes to the file that was named, to REGISTRY_AUTH_FILE, or to docker's of DOCKER_CONFIG", async () => {
    const machine = createMachine();
    const { folder } = machine;
    const named = join(folder, "a/b/named.json");
    const byEnv = join(folder, "env.json");
    const env = { ...machine.env, DOCKER_CONFIG: join(folder, "docker") };
    await store(machine, "docker.io", { env, authFile: named });
    await store(machine, "docker.io", { env: { ...env, REGISTRY_AUTH_FILE: byEnv } });
    await store(machine, "docker.io", { env });
    expect(JSON.parse(read(named))).toEqual({ auths: { "docker.io": { auth: "dTpw" } } });
    expect(mode(join(folder, "a"))).toBe(0o700);
    expect(JSON.parse(read(byEnv))).toEqual({ auths: { "docker.io": { auth: "dTpw" } } });
    expect(JSON.parse(read(join(folder, "docker/config.json")))).toEqual({
      auths: { "https://index.docker.io/v1/": { auth: "dTpw" } },
    });
    expect(existsSync(machine.authJson)).toBe(false);
  });

  it("into docker's file uses docker's keys, and refuses paths", async () => {
    const machine = createMachine();
    const compatAuthFile = join(machine.folder, "config.json");
    machine.write(compatAuthFile, { HttpHeaders: { a: "b" }, detachKeys: "ctrl-q" });
    await store(machine, "docker.io", { compatAuthFile });
    await store(machine, "r.example:5000", { compatAuthFile });
    expect(JSON.parse(read(compatAuthFile))).toEqual({
      HttpHeaders: { a: "b" },
      detachKeys: "ctrl-q",
      auths: { "https://index.docker.io/v1/": { auth: "dTpw" }, "r.example:5000": { auth: "dTpw" } },
    });
    expect(await findLogin("docker.io", { env: machine.env, compatAuthFile })).toMatchObject({
      username: "u",
    });
    expect(await failureOf(store(machine, "r.example/a", { compatAuthFile }))).toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
      message: expect.stringContaining(
        'credentials for "r.example/a" cannot be recorded in docker\'s format',
      ),
    });
    expect(
      await failureOf(store(machine, "r.example", { compatAuthFile, authFile: compatAuthFile })),
    ).toMatchObject({
      code: "ERR_DRAYAGE_USAGE",
      message:
        "options for paths to the credential file and to the Docker-compatible credential file can not be set simultaneously",
    });
  });

  it("warns where docker's file is named as auth.json", async () => {
    const machine = createMachine();
    const warnings: string[] = [];
    const onWarning = (message: string): void => void warnings.push(message);
    await store(machine, "r.example", { authFile: machine.dockerJson, onWarning });
    expect(warnings).toEqual([expect.stringContaining(`${machine.dockerJson} is docker's`)]);
  });

  it("needs a runtime folder that exists", async () => {
    const machine = createMachine();
    const env = { ...machine.env, XDG_RUNTIME_DIR: join(machine.folder, "gone") };
    expect(await failureOf(store(machine, "r.example", { env }))).toMatchObject({
      code: "ERR_DRAYAGE_CONFIGURATION_INVALID",
    });
    expect(existsSync(env.XDG_RUNTIME_DIR)).toBe(false);
  });

  it("keeps symbolic links, also those that lead to nothing yet", async () => {
    const machine = createMachine();
    const real = join(machine.folder, "dotfiles/auth.json");
    mkdirSync(dirname(machine.authJson));
    symlinkSync("../../dotfiles/auth.json", machine.authJson);
    await store(machine, "a.example");
    await store(machine, "b.example");
    expect(readlinkSync(machine.authJson)).toBe("../../dotfiles/auth.json");
    expect(lstatSync(real).isFile()).toBe(true);
    expect(Object.keys(JSON.parse(read(real)).auths)).toEqual(["a.example", "b.example"]);
    const loop = join(machine.folder, "loop");
    symlinkSync("loop", loop);
    expect(await failureOf(store(machine, "a.example", { authFile: loop }))).toMatchObject({
      code: "ERR_DRAYAGE_IO",
    });
  });

  it("by many at once loses none", async () => {
    const machine = createMachine();
    const names = Array.from({ length: 12 }, (_, index) => `r${index}.example`);
    await Promise.all(names.map((name) => store(machine, name)));
    expect(Object.keys(JSON.parse(read(machine.authJson)).auths).sort()).toEqual(names.sort());
    expect(readdirSync(dirname(machine.authJson))).toEqual(["auth.json"]);
  });

  it("leaves a malformed file as it is", async () => {
    for (const content of [
      "",
      "{",
      '{"auths": []}',
      `{"auths": {"x": ${"[".repeat(200)}${"]".repeat(200)}}}`,
    ]) {
      const machine = createMachine();
      machine.write(machine.authJson, content);
      expect(await failureOf(store(machine, "r.example"))).toMatchObject({
        code: "ERR_DRAYAGE_CONFIGURATION_INVALID",
      });
      expect(read(machine.authJson)).toBe(content);
    }
  });

  it("is left out where the signal was aborted", async () => {
    const machine = createMachine();
    expect(await failureOf(store(machine, "r.example", { signal: AbortSignal.abort() }))).toMatchObject({
      code: "ERR_DRAYAGE_ABORTED",
    });
    expect(existsSync(machine.authJson)).toBe(false);
  });

  it("refuses credentials that would be read as others, without showing them", async () => {
    const machine = createMachine();
    for (const credentials of [
      { username: "a:hunter2", password: "" },
      { username: "", password: "hunter2" },
      { username: "u", password: "hunter2\0" },
      { identityToken: "" },
    ]) {
      const error = await failureOf(storeLogin("r.example", credentials, { env: machine.env }));
      expect(error).toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
      expect(inspect(error)).not.toContain("hunter2");
    }
  });

  it("with a helper for the registry leaves the file alone", async () => {
    const machine = createMachine();
    machine.install("docker-credential-fake", fakeHelper);
    const content = '{"credHelpers":{"r.example":"fake"}}';
    machine.write(machine.authJson, content);
    expect(await store(machine, "r.example")).toEqual({ helper: "fake" });
    expect(read(machine.authJson)).toBe(content);
    expect(JSON.parse(read(join(machine.helperStore, "r.example")))).toEqual({
      ServerURL: "r.example",
      Username: "u",
      Secret: "p",
    });
    expect(await failureOf(store(machine, "r.example/a"))).toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
    await storeLogin("r.example", { identityToken: "refresh" }, { env: machine.env });
    expect((await findLogin("r.example", { env: machine.env }))?.credentials).toEqual({
      identityToken: "refresh",
    });
  });

  it("with a store for all leaves an empty entry, as docker does", async () => {
    const machine = createMachine();
    machine.install("docker-credential-fake", fakeHelper);
    const compatAuthFile = machine.write(join(machine.folder, "config.json"), {
      auths: { "r.example": { auth: "b2xkOm9sZA==" } },
      credsStore: "fake",
    });
    expect(await store(machine, "r.example", { compatAuthFile })).toEqual({ helper: "fake" });
    expect(await store(machine, "docker.io", { compatAuthFile })).toEqual({ helper: "fake" });
    expect(JSON.parse(read(compatAuthFile))).toEqual({
      auths: { "r.example": {}, "https://index.docker.io/v1/": {} },
      credsStore: "fake",
    });
    expect(readdirSync(machine.helperStore).sort()).toEqual([
      ".calls",
      "https:%%index.docker.io%v1%",
      "r.example",
    ]);
    for (const name of ["r.example", "docker.io"]) {
      const found = await findLogin(name, { env: machine.env, compatAuthFile });
      expect(found).toMatchObject({ credentials: login, helper: "fake" });
    }
  });

  it("says what a helper says, but not what it repeats of the secret", async () => {
    const machine = createMachine();
    machine.install("docker-credential-echo", "cat >&2; exit 1");
    machine.install("docker-credential-parrot", "echo cannot store hunter2; exit 1");
    machine.install("docker-credential-shut", "echo the vault is shut; exit 7");
    const expected = {
      echo: "docker-credential-echo store failed (exit status 1)",
      parrot: "docker-credential-parrot store failed (exit status 1)",
      shut: "docker-credential-shut store failed (exit status 7): the vault is shut",
    };
    for (const [helper, message] of Object.entries(expected)) {
      machine.write(machine.authJson, { credHelpers: { "r.example": helper } });
      const stored = storeLogin("r.example", { username: "u", password: "hunter2" }, { env: machine.env });
      const error = await failureOf(stored);
      expect(error).toMatchObject({ code: "ERR_DRAYAGE_CREDENTIALS", message });
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("hunter2");
    }
  });

  it("goes to the first helper of registries.conf that takes it", async () => {
    const machine = createMachine();
    machine.install("docker-credential-fake", fakeHelper);
    const helpers = (...credentialHelpers: string[]): LoginOptions => ({ credentialHelpers });
    expect(await store(machine, "a.example", helpers("fake", "containers-auth.json"))).toEqual({
      helper: "fake",
    });
    expect(await store(machine, "b.example", helpers("absent", "containers-auth.json"))).toEqual({
      file: machine.authJson,
    });
    expect(await store(machine, "c.example/path", helpers("fake", "containers-auth.json"))).toEqual({
      file: machine.authJson,
    });
    expect(await failureOf(store(machine, "d.example", helpers("absent")))).toMatchObject({
      message: "docker-credential-absent is not installed",
    });
    // Docker does not know registries.conf.
    const compatAuthFile = join(machine.folder, "config.json");
    expect(await store(machine, "e.example", { ...helpers("fake"), compatAuthFile })).toEqual({
      file: compatAuthFile,
    });
  });
});

describe("removing logins", () => {
  it("says whether there was one, and takes every spelling of the registry, but no paths", async () => {
    const machine = createMachine();
    const { env } = machine;
    const entry = { auth: "dTpw" };
    machine.write(machine.authJson, {
      other: 1,
      auths: {
        "r.example": entry,
        "https://r.example/v1/": entry,
        "r.example/a": entry,
        "r.example:5000": entry,
        "https://index.docker.io/v1/": entry,
      },
    });
    expect(await removeLogin("r.example", { env })).toBe(true);
    expect(await removeLogin("r.example", { env })).toBe(false);
    expect(await removeLogin("docker.io", { env })).toBe(true);
    expect(await removeLogin("r.example/b", { env })).toBe(false);
    expect(JSON.parse(read(machine.authJson))).toEqual({
      other: 1,
      auths: { "r.example/a": entry, "r.example:5000": entry },
    });
    expect(await removeLogin("r.example/a", { env })).toBe(true);
    await removeAllLogins({ env });
    expect(read(machine.authJson)).toBe('{\n\t"other": 1,\n\t"auths": {}\n}');
  });

  it("of a file that is not there does nothing", async () => {
    const machine = createMachine();
    expect(await removeLogin("r.example", { env: machine.env })).toBe(false);
    await removeAllLogins({ env: machine.env });
    expect(existsSync(machine.authJson)).toBe(false);
  });

  it("lets the helpers forget them, and keeps their names", async () => {
    const machine = createMachine();
    const { env } = machine;
    machine.install("docker-credential-fake", fakeHelper);
    for (const name of ["a.example", "b.example", "s.example", "alien.example"]) {
      putInHelper(machine, name, { user: "u", secret: "p" });
    }
    const configured = { credHelpers: { "a.example": "fake", "b.example": "fake" }, credsStore: "fake" };
    machine.write(machine.authJson, { ...configured, auths: { "s.example": {} } });
    expect(await removeLogin("a.example", { env })).toBe(true);
    expect(await removeLogin("a.example", { env })).toBe(false);
    expect(await removeLogin("s.example", { env })).toBe(true);
    expect(await removeLogin("s.example", { env })).toBe(false);
    await store(machine, "s.example");
    await removeAllLogins({ env });
    expect(readdirSync(machine.helperStore).sort()).toEqual([".calls", "alien.example"]);
    expect(JSON.parse(read(machine.authJson))).toEqual({ ...configured, auths: {} });
  });

  it("removes the others where one helper fails, and says so", async () => {
    const machine = createMachine();
    machine.install("docker-credential-bad", "echo not implemented; exit 1");
    machine.write(machine.authJson, {
      credHelpers: { "a.example": "bad" },
      auths: { "a.example": { auth: "dTpw" }, "b.example": { auth: "dTpw" } },
    });
    expect(await failureOf(removeAllLogins({ env: machine.env }))).toMatchObject({
      code: "ERR_DRAYAGE_CREDENTIALS",
      message: "docker-credential-bad erase failed (exit status 1): not implemented",
    });
    expect(JSON.parse(read(machine.authJson)).auths).toEqual({});
  });

  it("empties the helpers of registries.conf, those that are installed", async () => {
    const machine = createMachine();
    const { env } = machine;
    machine.install("docker-credential-fake", fakeHelper);
    putInHelper(machine, "a.example", { user: "u", secret: "p" });
    putInHelper(machine, "https://b.example", { user: "u", secret: "p" });
    const credentialHelpers = ["absent", "fake"];
    await removeAllLogins({ env, credentialHelpers });
    expect(readdirSync(machine.helperStore)).toEqual([".calls"]);
    expect(helperCalls(machine)).toEqual(["list", "erase", "erase"]);
    putInHelper(machine, "a.example", { user: "u", secret: "p" });
    expect(await removeLogin("a.example", { env, credentialHelpers: ["fake"] })).toBe(true);
    expect(await removeLogin("a.example", { env, credentialHelpers: ["fake"] })).toBe(false);
  });
});

describe("finding and listing logins", () => {
  it("tells where a login is", async () => {
    const machine = createMachine();
    const { env } = machine;
    machine.write(machine.dockerJson, { auths: { "r.example": { auth: "dTpw" } } });
    expect(await findLogin("r.example/a/b", { env })).toEqual({
      credentials: login,
      username: "u",
      key: "r.example",
      file: machine.dockerJson,
      helper: undefined,
    });
    expect(await findLogin("other.example", { env })).toBeUndefined();
  });

  it("looks at DOCKER_CONFIG alone where that is set, as login does", async () => {
    const machine = createMachine();
    await store(machine, "r.example");
    const env = { ...machine.env, DOCKER_CONFIG: join(machine.folder, "docker") };
    expect(await findLogin("r.example", { env })).toBeUndefined();
    await store(machine, "r.example", { env });
    expect(await findLogin("r.example", { env })).toMatchObject({ username: "u" });
  });

  it("lists each name once, with no secret", async () => {
    const machine = createMachine();
    const { env } = machine;
    machine.install("docker-credential-fake", fakeHelper);
    putInHelper(machine, "h.example", { user: "helped", secret: "hunter2" });
    machine.write(machine.authJson, {
      auths: { "r.example/a": { auth: auth("deep", "hunter2") }, "empty.example": {} },
      credHelpers: { "h.example": "fake", "nobody.example": "fake" },
    });
    machine.write(machine.dockerJson, {
      auths: {
        "https://index.docker.io/v1/": { auth: auth("hub", "hunter2") },
        "r.example/a": { auth: auth("other", "hunter2") },
        "t.example": { identitytoken: "hunter2" },
      },
    });
    const listed = await listLogins({ env });
    expect(listed).toEqual([
      { name: "docker.io", username: "hub", file: machine.dockerJson, helper: undefined },
      { name: "h.example", username: "helped", file: machine.authJson, helper: "fake" },
      { name: "r.example/a", username: "deep", file: machine.authJson, helper: undefined },
      { name: "t.example", username: undefined, file: machine.dockerJson, helper: undefined },
    ]);
    expect((await listLogins({ env, credentialHelpers: ["fake"] })).map(({ name }) => name)).toEqual([
      "h.example",
    ]);
  });
});

describe("names of registries", () => {
  it("are hosts, with a port, or a path", () => {
    for (const name of [
      "quay.io",
      "localhost",
      "localhost:5000",
      "my_registry:5000",
      "[::1]:5000",
      "docker.io/vendor",
      "quay.io/a/b-c",
      "localhost/a",
      "R.Example",
    ]) {
      expect(parseLoginName(name)).toBe(name);
    }
    expect(parseLoginName("https://quay.io/v1/")).toBe("quay.io");
    expect(parseLoginName("http://user:secret@localhost:5000/a?b#c")).toBe("localhost:5000");
  });

  it("are refused where they are none, or have a tag or a digest", () => {
    for (const name of [
      "",
      "/",
      "quay.io/",
      "quay.io/A",
      "quay.io/a:tag",
      `quay.io/a@sha256:${"0".repeat(64)}`,
      "quay.io:port",
      "quay io",
      "..",
      "ftp://quay.io",
      "https://",
      "vendor/image",
      "quay.io//a",
      "quay.io/a/../b",
      "a\0b",
      "user:hunter2@quay.io",
      "user:hunter2@quay.io/a",
    ]) {
      const error = (() => {
        try {
          return parseLoginName(name);
        } catch (thrown) {
          return thrown;
        }
      })();
      expect(error, name).toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
      expect(inspect(error, { depth: 10 })).not.toContain("hunter2");
    }
  });
});

describe("whatever is stored", () => {
  const label = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/);
  const host = fc.tuple(label, fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined }));
  const name = fc
    .tuple(host, fc.array(label, { maxLength: 3 }))
    .map(([[first, port], path]) =>
      [`${first}.example${port === undefined ? "" : `:${port}`}`, ...path].join("/"),
    );
  const text = fc.string({ unit: "grapheme", minLength: 1 }).filter((value) => !value.includes("\0"));
  const credentials = fc.oneof(
    fc.record({
      username: text.filter((value) => !value.includes(":")),
      password: fc.oneof(text, fc.constant("")),
    }),
    fc.record({ identityToken: text }),
  );
  const foreign = fc.jsonValue({ maxDepth: 3 });

  it("is found, and what nobody knows survives", async () => {
    const machine = createMachine();
    const { env, authJson } = machine;
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(name, credentials), { selector: ([key]) => key, minLength: 1, maxLength: 4 }),
        fc.dictionary(
          fc.string().map((key) => `x${key}`),
          foreign,
        ),
        async (logins, unknown) => {
          const before = JSON.stringify(unknown);
          machine.write(authJson, before);
          for (const [key, value] of logins) await storeLogin(key, value, { env });
          for (const [key, value] of logins) {
            expect((await findLogin(key, { env }))?.credentials).toEqual(value);
          }
          for (const [key] of logins) expect(await removeLogin(key, { env })).toBe(true);
          const { auths, ...rest } = JSON.parse(read(authJson));
          expect(auths).toEqual({});
          expect(JSON.stringify(rest)).toBe(before);
        },
      ),
      { numRuns: 40 },
    );
  });
});
