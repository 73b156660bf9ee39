import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  describeWithPeers,
  run,
  startRegistry,
  startTokenServer,
  testCertificates,
} from "@drayage-internal/peers";
import { expect, it, onTestFinished } from "vitest";
import { dray, type Ran, type RunOptions } from "./run-dray.ts";

const password = "pässwörd: 100%";

/** A user of the machine, for dray and for skopeo. */
function createUser(skopeoPath: string) {
  const folder = mkdtempSync(join(tmpdir(), "drayage-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ["home", "runtime"]) mkdirSync(join(folder, name));
  const conf = join(folder, "registries.conf");
  writeFileSync(conf, "");
  const env = {
    HOME: join(folder, "home"),
    XDG_RUNTIME_DIR: join(folder, "runtime"),
    CONTAINERS_REGISTRIES_CONF: conf,
  };
  return {
    folder,
    authJson: join(folder, "runtime/containers/auth.json"),
    dray: (argv: readonly string[], options: RunOptions = {}): Promise<Ran> =>
      dray(argv, { ...options, env }),
    skopeo: async (argv: readonly string[]) => {
      const unset = { XDG_CONFIG_HOME: undefined, DOCKER_CONFIG: undefined, REGISTRY_AUTH_FILE: undefined };
      return run(skopeoPath, argv, { env: { ...unset, ...env }, mayFail: true });
    },
  };
}

describeWithPeers("dray login to docker-registry", ["docker-registry", "skopeo"], ({ skopeo }) => {
  it("stores what the registry takes, for skopeo too, and the reverse", async () => {
    await using registry = await startRegistry({ htpasswd: { me: password, you: "secret" } });
    const { host } = registry;
    const user = createUser(skopeo);
    const flags = ["--tls-verify=false", "-u", "me", "-p", password, host];
    expect(await user.dray(["login", ...flags])).toMatchObject({ status: 0, stdout: "Login Succeeded!\n" });
    const ours = readFileSync(user.authJson, "utf8");
    expect((await user.skopeo(["login", "--get-login", host])).stdout).toBe("me\n");
    const reused = await user.skopeo(["login", "--tls-verify=false", host]);
    expect(await user.dray(["login", "--tls-verify=false", host])).toMatchObject({
      status: reused.code,
      stdout: reused.stdout,
    });
    expect(reused.stdout).toContain("Existing credentials are valid");
    expect((await user.dray(["logout", host])).stdout).toBe(`Removed login credentials for ${host}\n`);
    expect((await user.skopeo(["login", "--get-login", host])).code).toBe(1);
    await user.skopeo(["login", ...flags]);
    expect(readFileSync(user.authJson, "utf8")).toBe(ours);
    expect((await user.dray(["login", "--get-login", host])).stdout).toBe("me\n");
  });

  it("says what skopeo says, to skopeo's scripts", async () => {
    await using registry = await startRegistry({ htpasswd: { me: "secret" } });
    const { host } = registry;
    const user = createUser(skopeo);
    const wrong = ["login", "--tls-verify=false", "-u", "me", "-p", "wrong", host];
    const right = ["login", "-v", "--tls-verify=false", "-u", "me", "-p", "secret"];
    const scripts: readonly (readonly string[])[] = [
      wrong,
      ["login", "--get-login", host],
      [...right, host],
      [...right, `${host}/team/app`],
      ["login", "--get-login", `${host}/team`],
      ["login", "--get-login", `http://${host}/v2/`],
      ["logout", `${host}/team`],
      ["logout", `${host}/team/app`],
      ["logout", host],
      ["logout", host],
      [...right, host],
      ["logout", "--all"],
      ["logout", "-a"],
    ];
    const transcript = async (tool: (argv: readonly string[]) => Promise<unknown>): Promise<unknown[]> => {
      const results: unknown[] = [];
      for (const argv of scripts) results.push(await tool(argv));
      return results;
    };
    const result = (status: number, { stdout, stderr }: { stdout: string; stderr: string }): unknown => ({
      status,
      stdout,
      // The first words: hints are dray's own.
      message: / level=fatal msg="((?:[^"\\;]|\\.)*)/.exec(stderr)?.[1],
    });
    const ours = await transcript(async (argv) => {
      const ran = await user.dray(argv, { calledAs: "skopeo" });
      return result(ran.status, ran);
    });
    rmSync(user.authJson);
    const theirs = await transcript(async (argv) => {
      const ran = await user.skopeo(argv);
      return result(ran.code, ran);
    });
    expect(ours).toEqual(theirs);
    expect(theirs[0]).toEqual({
      status: 1,
      stdout: "",
      message: `logging into \\"${host}\\": invalid username/password`,
    });
  });
});

describeWithPeers("dray login to a registry with a token server", ["docker-registry", "openssl"], () => {
  it("stores what the token server takes, and tells a wrong password from a broken server", async () => {
    const users = { me: { password, rights: {} } };
    await using tokens = await startTokenServer({ users, anonymous: {} });
    await using registry = await startRegistry({ token: tokens.registry });
    const user = createUser("");
    const login = (word: string): Promise<Ran> =>
      user.dray(["login", "--tls-verify=false", "-u", "me", "-p", word, registry.host]);
    const wrong = await login("wrong");
    expect(wrong).toMatchObject({ status: 1, stdout: "" });
    expect(wrong.stderr).toContain(`logging into "${registry.host}": invalid username/password`);
    expect(existsSync(user.authJson)).toBe(false);
    expect(await login(password)).toMatchObject({ status: 0, stdout: "Login Succeeded!\n" });
    expect(tokens.requests.at(-1)).toMatchObject({ user: "me", status: 200, scopes: [] });
    await tokens[Symbol.asyncDispose]();
    const broken = await login(password);
    expect(broken).toMatchObject({ status: 1, stdout: "" });
    expect(broken.stderr).not.toContain("invalid username/password");
    expect(broken.stderr).not.toContain(password);
  });
});

describeWithPeers("dray login over TLS", ["docker-registry", "openssl"], () => {
  it("needs the authority: in --cert-dir, or in certs.d", async () => {
    const { server, authority, client } = await testCertificates();
    const tls = { certificate: server.certificate, key: server.key };
    await using registry = await startRegistry({ tls, htpasswd: { me: "secret" } });
    await using strict = await startRegistry({ tls, clientAuthority: authority.certificate });
    const user = createUser("");
    const flags = ["login", "-u", "me", "-p", "secret"];
    const certs = join(user.folder, "certs");
    const usual = join(user.folder, "home/.config/containers/certs.d", registry.host);
    for (const folder of [certs, usual]) mkdirSync(folder, { recursive: true });
    const untrusted = await user.dray([...flags, registry.host]);
    expect(untrusted).toMatchObject({ status: 1, stdout: "" });
    expect(untrusted.stderr).toMatch(/^dray: [^\n]*certificate[^\n]*\n$/);
    copyFileSync(authority.certificate, join(certs, "ca.crt"));
    expect(await user.dray([...flags, "--cert-dir", certs, registry.host])).toMatchObject({ status: 0 });
    expect(await user.dray(["login", "--tls-verify=false", registry.host])).toMatchObject({ status: 0 });
    copyFileSync(authority.certificate, join(usual, "ca.crt"));
    expect(await user.dray(["login", registry.host])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("Existing credentials are valid."),
    });
    const withoutClient = await user.dray([...flags, "--cert-dir", certs, strict.host]);
    expect(withoutClient).toMatchObject({ status: 1, stdout: "" });
    copyFileSync(client.certificate, join(certs, "client.cert"));
    copyFileSync(client.key, join(certs, "client.key"));
    expect(await user.dray([...flags, "--cert-dir", certs, strict.host])).toMatchObject({
      status: 0,
      stdout: "Login Succeeded!\n",
    });
  });
});
