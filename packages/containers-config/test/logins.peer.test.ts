import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildahStore, describeWithPeers, podmanStore, run } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { findLogin, type LoginOptions, removeLogin, storeLogin } from "../src/index.ts";
import { createMachine, fakeHelper, type Machine } from "./support/machine.ts";

const names = ["quay.io", "quay.io/organisation/image", "localhost:5000", "docker.io"];
const login = (user: string) => ({ username: user, password: "pässwörd: 100%" });

/** The user that a tool finds for a name; the empty text where none. */
type GetLogin = (name: string, flags?: readonly string[]) => Promise<string>;

describeWithPeers("logins, as skopeo has them", ["skopeo"], ({ skopeo }) => {
  const getLogin =
    (machine: Machine): GetLogin =>
    async (name, flags = []) => {
      const ran = await run(skopeo, ["login", "--get-login", ...flags, name], {
        env: environment(machine),
        mayFail: true,
      });
      return ran.stdout.trim();
    };

  it("are found by skopeo where they were stored, and gone where they were removed", async () => {
    const machine = createMachine();
    const get = getLogin(machine);
    await storeAndCheck(machine, { get });
    const authFile = join(machine.folder, "named.json");
    await storeAndCheck(machine, { get, flags: ["--authfile", authFile], options: { authFile } });
  });

  it("that skopeo removed are gone, and it writes the file that dray writes", async () => {
    const machine = createMachine();
    const { env, authJson } = machine;
    for (const name of ["a.example", "b.example"]) await storeLogin(name, login("u"), { env });
    await run(skopeo, ["logout", "a.example"], { env: environment(machine) });
    expect(await findLogin("a.example", { env })).toBeUndefined();
    const theirs = readFileSync(authJson, "utf8");
    rmSync(authJson);
    await storeLogin("b.example", login("u"), { env });
    expect(readFileSync(authJson, "utf8")).toBe(theirs);
  });

  it("in every file are found by both, in the same order", async () => {
    const auths = (user: string) => ({ auths: { "r.example": { auth: btoa(`${user}:pw`) } } });
    const machine = createMachine();
    const files = [machine.authJson, join(machine.home, ".config/containers/auth.json"), machine.dockerJson];
    files.forEach((path, index) => void machine.write(path, auths(`user${index}`)));
    machine.write(join(machine.home, ".dockercfg"), {
      "https://r.example/v1/": auths("legacy").auths["r.example"],
    });
    for (const path of [...files, ""]) {
      const found = await findLogin("r.example", { env: machine.env });
      expect(found?.username).toBe(await getLogin(machine)("r.example"));
      expect(found?.username).toMatch(/^user\d$|^legacy$/);
      rmSync(path, { force: true });
    }
  });

  it("are matched by paths and spellings as there", async () => {
    const machine = createMachine();
    const keys = [
      "r.example",
      "r.example/a",
      "r.example/a/b",
      "https://url.example:5000/v2/",
      "https://index.docker.io/v1/",
      "http://plain.example",
    ];
    const auths = Object.fromEntries(keys.map((key, index) => [key, { auth: btoa(`user${index}:pw`) }]));
    machine.write(machine.authJson, { auths: { ...auths, "empty.example": {}, "r.example/empty": {} } });
    for (const name of [
      "r.example",
      "r.example/a",
      "r.example/a/b/c",
      "r.example/ab",
      "r.example/empty/x",
      "url.example:5000",
      "url.example",
      "docker.io",
      "docker.io/library/busybox",
      "index.docker.io",
      "plain.example",
      "empty.example",
    ]) {
      const found = await findLogin(name, { env: machine.env });
      expect(found?.username ?? "", name).toBe(await getLogin(machine)(name));
    }
  });

  it("in credential helpers are the same ones", async () => {
    const machine = createMachine();
    machine.install("docker-credential-fake", fakeHelper);
    machine.write(machine.authJson, { credHelpers: { "r.example": "fake" } });
    await storeLogin("r.example", login("helped"), { env: machine.env });
    expect(await getLogin(machine)("r.example")).toBe("helped");
    await run(skopeo, ["logout", "r.example"], { env: environment(machine) });
    expect(await findLogin("r.example", { env: machine.env })).toBeUndefined();
  });
});

describeWithPeers("logins, as podman has them", ["podman"], () => {
  it("are found by podman", async () => {
    const machine = createMachine();
    const { podman } = podmanStore(join(machine.folder, "podman"));
    const get: GetLogin = async (name, flags = []) => {
      const { HOME: _, ...env } = environment(machine);
      return (await podman(["login", "--get-login", ...flags, name], { env, mayFail: true })).stdout.trim();
    };
    const authFile = join(machine.folder, "named.json");
    // podman login names registries alone.
    await storeAndCheck(machine, {
      get,
      flags: ["--authfile", authFile],
      options: { authFile },
      registries: names.filter((name) => !name.includes("/")),
    });
  });
});

describeWithPeers("logins, as buildah has them", ["buildah"], () => {
  it("are found by buildah", async () => {
    const machine = createMachine();
    const { buildah } = buildahStore(join(machine.folder, "buildah"));
    const get: GetLogin = async (name, flags = []) => {
      const { HOME: _, ...env } = environment(machine);
      return (await buildah(["login", "--get-login", ...flags, name], { env, mayFail: true })).stdout.trim();
    };
    const authFile = join(machine.folder, "named.json");
    await storeAndCheck(machine, {
      get,
      flags: ["--authfile", authFile],
      options: { authFile },
      registries: names.filter((name) => !name.includes("/")),
    });
  });
});

interface Check {
  readonly get: GetLogin;
  readonly flags?: readonly string[];
  readonly options?: LoginOptions;
  readonly registries?: readonly string[];
}

async function storeAndCheck(
  { env }: Machine,
  { get, flags = [], options = {}, registries = names }: Check,
): Promise<void> {
  for (const [index, name] of registries.entries()) {
    await storeLogin(name, login(`user${index}`), { env, ...options });
  }
  for (const [index, name] of registries.entries()) expect(await get(name, flags)).toBe(`user${index}`);
  const [first = ""] = registries;
  expect(await removeLogin(first, { env, ...options })).toBe(true);
  expect(await get(first, flags)).toBe("");
}

/** The machine's variables for a program, which inherits none that would lead elsewhere. */
function environment(machine: Machine): Record<string, string | undefined> {
  mkdirSync(join(machine.home, ".config/containers"), { recursive: true });
  return {
    ...machine.env,
    XDG_CONFIG_HOME: undefined,
    DOCKER_CONFIG: undefined,
    REGISTRY_AUTH_FILE: undefined,
    CONTAINERS_REGISTRIES_CONF: machine.write(join(machine.folder, "registries.conf"), ""),
  };
}
