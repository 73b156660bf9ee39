import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Input } from "../src/prompt.ts";
import { dray, type Ran, type RunOptions } from "./run-dray.ts";

const secret = "pässwörd: 100%";
const basic = `Basic ${Buffer.from(`me:${secret}`).toString("base64")}`;
let server: Server;
let host: string;
let requests: (string | undefined)[] = [];

/** A registry that knows one user. */
beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request.headers.authorization);
    const status = request.headers.authorization === basic ? 200 : 401;
    response.writeHead(status, status === 401 ? { "www-authenticate": 'Basic realm="test"' } : {});
    response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  host = `127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
});

afterAll(() => server.close());

interface User {
  readonly authJson: string;
  readonly dockerJson: string;
  run(argv: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Writes a file with one login of this registry. */
  write(path: string, login: { readonly user: string; readonly password: string }, key?: string): void;
}

/** A user of the machine who has nothing yet. */
function createUser(): User {
  const folder = mkdtempSync(join(tmpdir(), "drayage-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [home, runtime] = [join(folder, "home"), join(folder, "runtime")];
  for (const path of [home, runtime]) mkdirSync(path);
  const conf = join(folder, "registries.conf");
  writeFileSync(conf, "");
  const env = { HOME: home, XDG_RUNTIME_DIR: runtime, CONTAINERS_REGISTRIES_CONF: conf };
  return {
    authJson: join(runtime, "containers/auth.json"),
    dockerJson: join(home, ".docker/config.json"),
    run: (argv, options) => {
      requests = [];
      return dray(argv, { ...options, env: { ...env, ...options?.env } });
    },
    write(path, { user, password }, key = host) {
      mkdirSync(dirname(path), { recursive: true });
      const auth = Buffer.from(`${user}:${password}`).toString("base64");
      writeFileSync(path, JSON.stringify({ auths: { [key]: { auth } } }));
    },
  };
}

const login = (...flags: string[]): string[] => ["login", "--tls-verify=false", ...flags, host];
const authsIn = (path: string): unknown => JSON.parse(readFileSync(path, "utf8")).auths;

/** A terminal on which `answers` are typed, one after the other, whenever somebody reads. */
function terminal(...answers: string[]): Input & { readonly modes: readonly boolean[] } {
  const modes: boolean[] = [];
  const stream = new PassThrough();
  stream.on("resume", () => {
    const answer = answers.shift();
    if (answer !== undefined) setImmediate(() => stream.write(answer));
  });
  return Object.assign(stream, { isTTY: true, modes, setRawMode: (raw: boolean) => modes.push(raw) });
}

describe("dray login", () => {
  it("asks the registry, and stores what it takes", async () => {
    const user = createUser();
    expect(await user.run(login("-u", "me", "-p", secret))).toMatchObject({
      status: 0,
      stdout: "Login Succeeded!\n",
      stderr: "",
    });
    expect(requests.at(-1)).toBe(basic);
    expect(authsIn(user.authJson)).toEqual({ [host]: { auth: basic.slice("Basic ".length) } });
  });

  it("stores nothing that the registry does not take, and shows no secret", async () => {
    for (const calledAs of ["dray", "skopeo"]) {
      const user = createUser();
      const ran = await user.run(login("--debug", "-u", "me", "-p", "hunter2"), { calledAs });
      expect(ran).toMatchObject({ status: 1, stdout: "" });
      expect(ran.stderr).toContain(
        calledAs === "dray"
          ? `logging into "${host}": invalid username/password`
          : `level=fatal msg="logging into \\"${host}\\": invalid username/password`,
      );
      expect(ran.stderr).not.toContain("hunter2");
      expect(ran.stderr).not.toContain(Buffer.from("me:hunter2").toString("base64"));
      expect(existsSync(user.authJson)).toBe(false);
    }
  });

  it("stores a login of a part of the registry, and in the file that is named", async () => {
    const user = createUser();
    const file = join(dirname(dirname(user.authJson)), "named/auth.json");
    const named = ["login", "--tls-verify=false", "-v", "--authfile", file, "-u", "me", "-p", secret];
    expect(await user.run([...named, `${host}/team/app`])).toMatchObject({
      status: 0,
      stdout: `Used:  ${file}\nLogin Succeeded!\n`,
    });
    expect(authsIn(file)).toEqual({ [`${host}/team/app`]: { auth: basic.slice("Basic ".length) } });
    expect(existsSync(user.authJson)).toBe(false);
    const docker = join(dirname(file), "config.json");
    expect(await user.run(login("--compat-auth-file", docker, "-u", "me", "-p", secret))).toMatchObject({
      status: 0,
    });
    expect(authsIn(docker)).toEqual({ [host]: { auth: basic.slice("Basic ".length) } });
    const both = await user.run(login("--authfile", file, "--compat-auth-file", docker, "--get-login"));
    expect(both).toMatchObject({ status: 1 });
    expect(both.stderr).toContain("can not be set simultaneously");
  });

  it("reads the password from standard input", async () => {
    const user = createUser();
    for (const text of [
      secret,
      `${secret}\n`,
      `${secret}\r\n`,
      `${secret.slice(0, 3)}\n${secret.slice(3)}\n`,
    ]) {
      const bytes = Buffer.from(text);
      // Cut within a letter of two bytes.
      const stdin = Readable.from([bytes.subarray(0, 2), bytes.subarray(2)]);
      expect(await user.run(login("-u", "me", "--password-stdin"), { stdin })).toMatchObject({
        status: 0,
        stdout: "Login Succeeded!\n",
      });
    }
    const cases: readonly [flags: string[], text: string, message: string][] = [
      [
        ["-u", "me", "-p", "hunter2", "--password-stdin"],
        "x",
        "can't specify both --password-stdin and --password",
      ],
      [["--password-stdin"], "hunter2", "must provide --username with --password-stdin"],
      [["-u", "me", "--password-stdin"], "\n", "there is no password on standard input"],
      [["-u", "me", "--password-stdin"], "hunter2".repeat(10_000), "standard input has more than 64 KiB"],
    ];
    for (const [flags, text, message] of cases) {
      const ran = await user.run(login(...flags), { stdin: Readable.from([text]) });
      expect(ran).toMatchObject({ status: 1, stdout: "", stderr: expect.stringContaining(message) });
      expect(ran.stderr).not.toContain("hunter2");
    }
  });

  it("asks on a terminal, which does not show the password", async () => {
    const user = createUser();
    const stdin = terminal("me\n", `wrong\x15x\x7f${secret}\r`);
    expect(await user.run(login(), { stdin })).toMatchObject({
      status: 0,
      stdout: "Username: Password: \nLogin Succeeded!\n",
      stderr: "",
    });
    expect(stdin.modes).toEqual([true, false]);
    user.write(user.authJson, { user: "me", password: "old" });
    const again = await user.run(login(), { stdin: terminal("\n", `${secret}\r`) });
    expect(again.stdout).toBe(
      [
        `Authenticating with existing credentials for ${host}`,
        "Existing credentials are invalid, please enter valid username and password",
        "Username (me): Password: ",
        "Login Succeeded!",
        "",
      ].join("\n"),
    );
  });

  it("is interrupted by Ctrl-C and by its signal, and leaves the terminal as it was", async () => {
    const user = createUser();
    const stdin = terminal("hun\x03ter2\r");
    expect(await user.run(login("-u", "me"), { stdin })).toMatchObject({
      status: 130,
      stdout: "Password: \n",
      stderr: "dray: interrupted\n",
    });
    expect(stdin.modes).toEqual([true, false]);
    const controller = new AbortController();
    const waiting = terminal();
    waiting.on("resume", () => setImmediate(() => controller.abort(new Error("received SIGTERM"))));
    const ran = await user.run(login("-u", "me"), { stdin: waiting, signal: controller.signal });
    expect(ran.status).toBe(130);
    expect(waiting.modes).toEqual([true, false]);
    expect(existsSync(user.authJson)).toBe(false);
  });

  it("takes the user, but no password, from what is no terminal", async () => {
    const user = createUser();
    expect(await user.run(login("-p", secret), { stdin: Readable.from(["me\n"]) })).toMatchObject({
      status: 0,
      stdout: "Username: Login Succeeded!\n",
    });
    rmSync(user.authJson);
    expect(await user.run(login("-u", "me"), { stdin: Readable.from([`${secret}\n`]) })).toMatchObject({
      status: 1,
      stdout: "",
      stderr:
        "dray: there is no password, and no terminal to ask for it; give --username and --password-stdin\n",
    });
    expect(await user.run(login())).toMatchObject({
      status: 1,
      stdout: "Username: ",
      stderr: expect.stringContaining("standard input ended before there was an answer"),
    });
  });

  it("uses the login that there is, where it is still good", async () => {
    const user = createUser();
    user.write(user.dockerJson, { user: "me", password: secret });
    expect(await user.run(login())).toMatchObject({
      status: 0,
      stdout: `Authenticating with existing credentials for ${host}\nExisting credentials are valid. Already logged in to ${host}\n`,
    });
    expect(existsSync(user.authJson)).toBe(false);
    const down = ["login", "--tls-verify=false", "127.0.0.1:1"];
    user.write(user.dockerJson, { user: "me", password: secret }, "127.0.0.1:1");
    const ran = await user.run(down);
    expect(ran).toMatchObject({
      status: 1,
      stdout: "Authenticating with existing credentials for 127.0.0.1:1\n",
      stderr: expect.stringContaining("127.0.0.1:1"),
    });
  });

  it("replaces an identity token only by a user who is named", async () => {
    const user = createUser();
    mkdirSync(dirname(user.authJson));
    writeFileSync(user.authJson, JSON.stringify({ auths: { [host]: { identitytoken: "hunter2" } } }));
    const ran = await user.run(login());
    expect(ran).toMatchObject({ status: 1, stdout: "" });
    expect(ran.stderr).toMatch(/^dray: there is an identity token for \S+ already; dray logout /);
    expect(ran.stderr).not.toContain("hunter2");
    expect(await user.run(login("-u", "me", "-p", secret))).toMatchObject({ status: 0 });
    expect(authsIn(user.authJson)).toEqual({ [host]: { auth: basic.slice("Basic ".length) } });
  });

  it("prints who is logged in", async () => {
    const user = createUser();
    user.write(user.dockerJson, { user: "me", password: secret });
    expect(await user.run(["login", "--get-login", host])).toMatchObject({ status: 0, stdout: "me\n" });
    expect(await user.run(["login", "--get-login", `${host}/a`])).toMatchObject({
      status: 0,
      stdout: "me\n",
    });
    expect(await user.run(["login", "--get-login", "https://quay.io/v2/"])).toMatchObject({
      status: 1,
      stdout: "",
      stderr: "dray: not logged into quay.io; dray login quay.io\n",
    });
    expect(requests).toEqual([]);
  });

  it("speaks no plain HTTP where registries.conf does not say so, and asks no blocked registry", async () => {
    const user = createUser();
    const secure = await user.run(["login", "-u", "me", "-p", secret, host]);
    expect(secure).toMatchObject({ status: 1, stdout: "" });
    expect(requests).toEqual([]);
    const conf = join(dirname(dirname(dirname(user.authJson))), "other.conf");
    const ask = (): Promise<Ran> =>
      user.run(["--registries-conf", conf, "login", "-u", "me", "-p", secret, host]);
    writeFileSync(conf, `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
    expect(await ask()).toMatchObject({ status: 0, stdout: "Login Succeeded!\n" });
    writeFileSync(conf, `[[registry]]\nlocation = "${host}"\nblocked = true\n`);
    expect(await ask()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`the registry ${host} is blocked by ${conf}`),
    });
    expect(requests).toEqual([]);
  });

  it("refuses what is no registry, without showing a password in it", async () => {
    const user = createUser();
    for (const name of ["me:hunter2@quay.io", "quay.io/a:tag", "ftp://quay.io"]) {
      const ran = await user.run(["login", "-u", "me", "-p", "hunter2", name]);
      expect(ran).toMatchObject({ status: 1, stdout: "" });
      expect(ran.stderr).toMatch(/^dray: [^\n]*is no name of a registry[^\n]*\n$/);
      expect(ran.stderr).not.toContain("hunter2");
    }
  });

  it("does not show the second word of a password that was not quoted", async () => {
    const user = createUser();
    const ran = await user.run(["login", "--debug", "-u", "me", "-p", "two", "hunter2", host]);
    expect(ran).toMatchObject({ status: 1, stdout: "" });
    expect(ran.stderr).toContain(
      "dray: login accepts only one registry to log in to; see dray login --help\n",
    );
    expect(ran.stderr).not.toContain("hunter2");
  });
});

describe("dray logout", () => {
  it("removes a login, and says where there was none", async () => {
    const user = createUser();
    user.write(user.authJson, { user: "me", password: secret });
    expect(await user.run(["logout", host])).toMatchObject({
      status: 0,
      stdout: `Removed login credentials for ${host}\n`,
    });
    expect(authsIn(user.authJson)).toEqual({});
    expect(await user.run(["logout", host])).toMatchObject({
      status: 1,
      stdout: "",
      stderr: `dray: not logged into ${host}\n`,
    });
  });

  it("removes all", async () => {
    const user = createUser();
    user.write(user.authJson, { user: "me", password: secret });
    for (const flag of ["--all", "-a"]) {
      expect(await user.run(["logout", flag])).toMatchObject({
        status: 0,
        stdout: "Removed login credentials for all registries\n",
      });
    }
    expect(authsIn(user.authJson)).toEqual({});
  });

  it("names the file or the name where the login is", async () => {
    const user = createUser();
    user.write(user.dockerJson, { user: "me", password: secret });
    const ran = await user.run(["logout", host]);
    expect(ran).toMatchObject({
      status: 1,
      stderr: `dray: not logged into ${host}; there is a login of ${host} in ${user.dockerJson}: dray logout --authfile ${user.dockerJson} ${host}\n`,
    });
    const below = await user.run(["logout", "--authfile", user.dockerJson, `${host}/a`]);
    expect(below.stderr).toContain(`dray logout --authfile ${user.dockerJson} ${host}\n`);
    const asSkopeo = await user.run(["logout", "--tls-verify=false", host], { calledAs: "skopeo" });
    expect(asSkopeo).toMatchObject({
      status: 0,
      stdout: `Not logged into ${host} with current tool. Existing credentials were established via docker login. Please use docker logout instead.\n`,
    });
    expect(await user.run(["logout", "--authfile", user.dockerJson, host])).toMatchObject({ status: 0 });
  });

  it("wants one registry, or all, and files that are there", async () => {
    const user = createUser();
    const cases: readonly [argv: string[], message: string][] = [
      [["logout"], "please provide a registry to log out from"],
      [["logout", "--all", host], "--all takes no arguments"],
      [["logout", "--authfile", "/nonexistent/auth.json", host], "no such file or directory"],
      [["logout", "--compat-auth-file", "/nonexistent/config.json", host], "no such file or directory"],
    ];
    for (const [argv, message] of cases) {
      expect(await user.run(argv)).toMatchObject({ status: 1, stderr: expect.stringContaining(message) });
    }
  });
});
