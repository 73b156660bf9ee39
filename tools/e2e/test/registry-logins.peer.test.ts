import { chmodSync, copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createFaultProxy, randomImage, type SampleImage } from "@drayage/testkit";
import {
  describeWithPeers,
  registryTree,
  startRegistry,
  startTokenServer,
  type TestCertificates,
  temporaryDirectory,
  testCertificates,
} from "@drayage-internal/peers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { registryFolder } from "../src/registry-folder.ts";
import { putSample } from "../src/samples.ts";
import { createUser, loginsOf, type TestUser } from "../src/user.ts";

const password = "pässwörd: 100%";
const identityToken = "an-identity-token-of-me";

describeWithPeers("logins to registries", ["docker-registry", "skopeo", "openssl"], () => {
  let user: TestUser;
  let image: SampleImage;
  let certificates: TestCertificates;

  beforeAll(async () => {
    image = await randomImage({ seed: "logins" });
    certificates = await testCertificates();
  });
  beforeEach(() => {
    user = createUser({ home: temporaryDirectory(), secrets: [password, identityToken] });
  });

  async function succeeds(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await user.dray(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return stdout;
  }
  const status = async (...args: readonly string[]): Promise<number> => (await user.dray(args)).code;
  const login = (host: string, ...flags: readonly string[]): Promise<string> =>
    succeeds("login", "-u", "me", "-p", password, ...flags, host);

  it("by htpasswd: login, copy, logout, and then nothing", async () => {
    await using registry = await startRegistry({ htpasswd: { me: password }, deletable: true });
    putSample(registryFolder(registry.folder), { repository: "app", tag: "1" }, image);
    const { host } = registry;
    user.allowPlain(host);
    const pull = ["copy", "--quiet", `docker://${host}/app:1`, `dir:${user.home}/pulled`];
    expect(await status(...pull)).toBe(1);
    expect(await login(host)).toBe("Login Succeeded!\n");
    expect(statSync(user.authFile).mode & 0o777).toBe(0o600);
    expect(await succeeds("login", "--get-login", host)).toBe("me\n");
    await succeeds(...pull);
    await succeeds("copy", "--quiet", `dir:${user.home}/pulled`, `docker://${host}/new:1`);
    expect(registryTree(registry.folder).new?.tags).toEqual({ 1: image.manifest.digest });
    expect((await user.skopeo(["inspect", `docker://${host}/new:1`])).code).toBe(0);
    expect(await succeeds("list-tags", "--plain", `docker://${host}/new`)).toBe("1\n");
    expect(await succeeds("catalog", host)).toContain("new\n");
    await succeeds("delete", `docker://${host}/new:1`);
    expect(registryTree(registry.folder).new?.tags).toEqual({});
    expect(await succeeds("logout", host)).toBe(`Removed login credentials for ${host}\n`);
    expect(loginsOf(user)).toEqual([]);
    expect(await status(...pull)).toBe(1);
  });

  it("of one repository serve that one, and not its neighbours", async () => {
    await using registry = await startRegistry({ htpasswd: { me: password } });
    const folder = registryFolder(registry.folder);
    for (const repository of ["team/app", "other/app"]) putSample(folder, { repository, tag: "1" }, image);
    const { host } = registry;
    user.allowPlain(host);
    await login(`${host}/team`);
    expect(loginsOf(user)).toEqual([`${host}/team`]);
    expect(await succeeds("digest", `docker://${host}/team/app:1`)).toBe(`${image.manifest.digest}\n`);
    expect(await status("digest", `docker://${host}/other/app:1`)).toBe(1);
    expect((await user.skopeo(["inspect", "--raw", `docker://${host}/team/app:1`])).code).toBe(0);
  });

  it("that skopeo has stored serve dray, by --authfile and by REGISTRY_AUTH_FILE too", async () => {
    await using registry = await startRegistry({ htpasswd: { me: password } });
    putSample(registryFolder(registry.folder), { repository: "app", tag: "1" }, image);
    const { host } = registry;
    user.allowPlain(host);
    const authFile = path.join(user.home, "my-auth.json");
    const stored = await user.skopeo(["login", "-u", "me", "-p", password, "--authfile", authFile, host]);
    expect(stored.code).toBe(0);
    const digest = ["digest", `docker://${host}/app:1`];
    expect(await status(...digest)).toBe(1);
    await succeeds(...digest, "--authfile", authFile);
    const { code } = await user.dray(digest, { env: { REGISTRY_AUTH_FILE: authFile } });
    expect(code).toBe(0);
  });

  it("by a credential helper, which has the password, and is told of logins and logouts", async () => {
    await using registry = await startRegistry({ htpasswd: { me: password } });
    putSample(registryFolder(registry.folder), { repository: "app", tag: "1" }, image);
    const { host } = registry;
    user.allowPlain(host);
    const store = path.join(user.home, "store");
    const log = path.join(user.home, "helper.log");
    const helper = path.join(user.home, "bin/docker-credential-test");
    writeFileSync(
      helper,
      `#!/bin/sh
echo "$1" >>"${log}"
case "$1" in
  store) cat >"${store}" ;;
  get) test -s "${store}" && cat "${store}" || { echo "credentials not found in native keychain"; exit 1; } ;;
  erase) rm -f "${store}" ;;
  list) echo '{}' ;;
esac
`,
    );
    chmodSync(helper, 0o755);
    mkdirSync(path.dirname(user.authFile), { recursive: true });
    writeFileSync(user.authFile, JSON.stringify({ credHelpers: { [host]: "test" } }));
    const env = { PATH: `${user.home}/bin:${process.env.PATH}` };
    const dray = async (...args: readonly string[]): Promise<unknown> => {
      const { code, stderr } = await user.dray(args, { env });
      return { code, stderr };
    };
    const well = { code: 0, stderr: "" };
    expect(await dray("login", "-u", "me", "-p", password, host)).toEqual(well);
    expect(JSON.parse(readFileSync(store, "utf8"))).toMatchObject({ Username: "me", Secret: password });
    expect(readFileSync(user.authFile, "utf8")).not.toContain('auth":');
    expect(await dray("copy", "--quiet", `docker://${host}/app:1`, `dir:${user.home}/out`)).toEqual(well);
    expect((await user.skopeo(["inspect", `docker://${host}/app:1`], { env })).code).toBe(0);
    expect(await dray("logout", host)).toEqual(well);
    expect(await dray("digest", `docker://${host}/app:1`)).toMatchObject({ code: 1 });
    expect(readFileSync(log, "utf8")).toMatch(/^(?:get\n)*store\n(?:get\n)+erase\n(?:get\n)*$/);
  });

  describe("with a token server", () => {
    const rights = {
      "repository:app": ["pull"],
      "repository:new": ["pull", "push"],
      "repository:*": [],
    } as const;

    it("nobody pulls, who is known pushes, and a login serves both ends of a copy", async () => {
      await using tokens = await startTokenServer({
        users: { me: { password, rights: { ...rights, "repository:app": ["pull", "push"] } } },
        anonymous: { "repository:app": ["pull"] },
      });
      await using registry = await startRegistry({ token: tokens.registry });
      putSample(registryFolder(registry.folder), { repository: "app", tag: "1" }, image);
      await using proxy = await createFaultProxy({ target: registry.url });
      const { host } = proxy;
      user.allowPlain(host);
      await succeeds("copy", "--quiet", `docker://${host}/app:1`, `dir:${user.home}/pulled`);
      expect(tokens.requests.every((request) => request.user === undefined)).toBe(true);
      const push = ["copy", "--quiet", `dir:${user.home}/pulled`, `docker://${host}/new:1`];
      expect(await status(...push)).toBe(1);
      await succeeds("copy", "--quiet", "--dest-creds", `me:${password}`, ...push.slice(2));
      expect(registryTree(registry.folder).new?.tags).toEqual({ 1: image.manifest.digest });
      await login(host);
      proxy.forget();
      await succeeds("copy", "--quiet", `docker://${host}/app:1`, `docker://${host}/new:2`);
      expect(proxy.blobBytes()).toEqual({ pushed: 0, pulled: 0 });
      await succeeds("logout", host);
      expect(await status(...push)).toBe(1);
    });

    it("blobs are mounted with a token for both repositories, and copied where it is not given", async () => {
      await using tokens = await startTokenServer({
        users: { me: { password, rights: { "repository:app": ["pull"], "repository:b": ["pull", "push"] } } },
      });
      await using registry = await startRegistry({ token: tokens.registry });
      putSample(registryFolder(registry.folder), { repository: "app", tag: "1" }, image);
      await using proxy = await createFaultProxy({ target: registry.url });
      user.allowPlain(proxy.host);
      await login(proxy.host);
      await succeeds("copy", "--quiet", `docker://${proxy.host}/app:1`, `docker://${proxy.host}/b:1`);
      expect(proxy.blobBytes()).toEqual({ pushed: 0, pulled: 0 });
      expect(registryTree(registry.folder).b?.tags).toEqual({ 1: image.manifest.digest });
    });

    it("tokens that end within a copy are renewed", async () => {
      await using tokens = await startTokenServer({
        users: { me: { password, rights: { "repository:*": ["pull", "push"] } } },
        lifetime: 60,
      });
      await using registry = await startRegistry({ token: tokens.registry });
      putSample(registryFolder(registry.folder), { repository: "app", tag: "1" }, image);
      await using proxy = await createFaultProxy({ target: registry.url });
      user.allowPlain(proxy.host);
      await login(proxy.host);
      // What a registry says of a token that has expired.
      const challenge = `Bearer realm="${tokens.realm}",service="${tokens.service}",scope="repository:app:pull",error="invalid_token"`;
      const rule = proxy.rule(
        { method: "GET", path: /\/blobs\/sha/, times: 1 },
        { answer: { status: 401, headers: { "www-authenticate": challenge } } },
      );
      await succeeds("copy", "--quiet", `docker://${proxy.host}/app:1`, `dir:${user.home}/pulled`);
      expect(rule.hits).toBe(1);
    });

    it("an identity token in auth.json is exchanged for access", async () => {
      await using tokens = await startTokenServer({
        users: { me: { identityTokens: [identityToken], rights: { "repository:app": ["pull"] } } },
      });
      await using registry = await startRegistry({ token: tokens.registry });
      putSample(registryFolder(registry.folder), { repository: "app", tag: "1" }, image);
      user.allowPlain(registry.host);
      mkdirSync(path.dirname(user.authFile), { recursive: true });
      const auth = Buffer.from("<token>:").toString("base64");
      writeFileSync(
        user.authFile,
        JSON.stringify({ auths: { [registry.host]: { auth, identitytoken: identityToken } } }),
      );
      expect(await succeeds("digest", `docker://${registry.host}/app:1`)).toBe(`${image.manifest.digest}\n`);
      expect(tokens.requests.map(({ method, grantType }) => [method, grantType])).toEqual([
        ["POST", "refresh_token"],
      ]);
    });

    it("a bearer token of the user's is taken as it is", async () => {
      await using tokens = await startTokenServer({ users: {} });
      await using registry = await startRegistry({ token: tokens.registry });
      putSample(registryFolder(registry.folder), { repository: "app", tag: "1" }, image);
      user.allowPlain(registry.host);
      const token = tokens.token([{ type: "repository", name: "app", actions: ["pull"] }]);
      const careful = createUser({ home: temporaryDirectory(), secrets: [token] });
      careful.allowPlain(registry.host);
      const args = [
        "copy",
        "--debug",
        "--quiet",
        "--src-registry-token",
        token,
        `docker://${registry.host}/app:1`,
      ];
      expect(await careful.dray([...args, `dir:${careful.home}/pulled`])).toMatchObject({ code: 0 });
      expect(tokens.requests).toEqual([]);
      expect(
        (await careful.dray([...args.with(-1, `docker://${registry.host}/other:1`), "dir:x"])).code,
      ).toBe(1);
    });
  });

  describe("over TLS", () => {
    it("an authority of one's own is trusted by --cert-dir, and by certs.d", async () => {
      await using registry = await startRegistry({ tls: certificates.server, htpasswd: { me: password } });
      putSample(registryFolder(registry.folder), { repository: "app", tag: "1" }, image);
      const name = `docker://${registry.host}/app:1`;
      const certs = folderWith({ "ca.crt": certificates.authority.certificate });
      expect(await status("login", "-u", "me", "-p", password, registry.host)).toBe(1);
      await login(registry.host, "--cert-dir", certs);
      expect(await status("copy", "--quiet", name, `dir:${user.home}/a`)).toBe(1);
      await succeeds("copy", "--quiet", "--src-cert-dir", certs, name, `dir:${user.home}/a`);
      await succeeds(
        "copy",
        "--quiet",
        "--dest-cert-dir",
        certs,
        `dir:${user.home}/a`,
        `docker://${registry.host}/new:1`,
      );
      folderWith(
        { "ca.crt": certificates.authority.certificate },
        `.config/containers/certs.d/${registry.host}`,
      );
      await succeeds("copy", "--quiet", name, `docker://${registry.host}/new:2`);
      expect((await user.skopeo(["inspect", `docker://${registry.host}/new:2`])).code).toBe(0);
      expect(await succeeds("login", registry.host)).toContain("Existing credentials are valid");
      await succeeds("logout", registry.host);
    });

    it("a registry that wants one gets the client's certificate", async () => {
      const { server, authority, client } = certificates;
      await using registry = await startRegistry({ tls: server, clientAuthority: authority.certificate });
      putSample(registryFolder(registry.folder), { repository: "app", tag: "1" }, image);
      const name = `docker://${registry.host}/app:1`;
      const home = `.config/containers/certs.d/${registry.host}`;
      folderWith({ "ca.crt": authority.certificate }, home);
      const refused = await user.dray(["digest", name]);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(/^dray: [^\n]*certificate[^\n]*\n$/);
      folderWith({ "client.cert": client.certificate, "client.key": client.key }, home);
      expect(await succeeds("digest", name)).toBe(`${image.manifest.digest}\n`);
      await succeeds("copy", "--quiet", name, `docker://${registry.host}/copied:1`);
      expect((await user.skopeo(["inspect", name])).code).toBe(0);
    });

    it("with --tls-verify=false any certificate will do, and TLS is still used", async () => {
      await using registry = await startRegistry({
        tls: certificates.selfSigned,
        htpasswd: { me: password },
      });
      putSample(registryFolder(registry.folder), { repository: "app", tag: "1" }, image);
      const flags = ["--tls-verify=false", "--creds", `me:${password}`];
      expect(await succeeds("digest", ...flags, `docker://${registry.host}/app:1`)).toBe(
        `${image.manifest.digest}\n`,
      );
    });

    /** A folder below the home with copies of these files. */
    function folderWith(files: Readonly<Record<string, string>>, below = "certs"): string {
      const folder = path.join(user.home, below);
      mkdirSync(folder, { recursive: true });
      for (const [name, file] of Object.entries(files)) copyFileSync(file, path.join(folder, name));
      return folder;
    }
  });
});
