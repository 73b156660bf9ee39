import { join } from "node:path";
import { formatReference } from "@drayage/reference";
import { expect, it } from "vitest";
import { type ResolveShortNameOptions, readRegistriesConfig, resolveShortName } from "../src/index.ts";
import { type ConfigurationFolder, configurationFolder } from "./configuration-folder.ts";

const digest = `sha256:${"0".repeat(64)}`;

function machine(text: string): ConfigurationFolder {
  const folder = configurationFolder();
  folder.write("etc/registries.conf", text);
  return folder;
}

async function resolve(
  folder: ConfigurationFolder,
  name: string,
  options: ResolveShortNameOptions = {},
): Promise<{ by: string; candidates: readonly string[] }> {
  const { by, candidates } = await resolveShortName(await readRegistriesConfig(folder.place), name, {
    env: folder.place.env,
    aliasFile: join(folder.path, "absent.conf"),
    ...options,
  });
  return { by, candidates: candidates.map(formatReference) };
}

const searching = 'unqualified-search-registries = ["quay.io", "docker.io"]\n';

it("a full name stands for itself", async () => {
  expect(await resolve(machine(searching), "localhost/a/b")).toEqual({
    by: "full-name",
    candidates: ["localhost/a/b:latest"],
  });
  expect(await resolve(machine(""), "docker.io/busybox:1")).toEqual({
    by: "full-name",
    candidates: ["docker.io/library/busybox:1"],
  });
});

it("an alias stands for its name, with the tag or digest that was written", async () => {
  const folder = machine(`${searching}[aliases]\n"ns/fedora" = "registry.fedoraproject.org/fedora"\n`);
  const name = "registry.fedoraproject.org/fedora";
  for (const [short, candidate] of [
    ["ns/fedora", `${name}:latest`],
    ["ns/fedora:39", `${name}:39`],
    [`ns/fedora@${digest}`, `${name}@${digest}`],
  ] as const) {
    expect(await resolve(folder, short)).toEqual({ by: "alias", candidates: [candidate] });
  }
});

it("what a user chose before counts more than an alias, also that there is none", async () => {
  const folder = machine(`${searching}[aliases]\na = "quay.io/x/a"\nb = "quay.io/x/b"\n`);
  const aliasFile = folder.write("chosen.conf", '[aliases]\na = "ghcr.io/y/a"\nb = ""\n');
  expect((await resolve(folder, "a", { aliasFile })).candidates).toEqual(["ghcr.io/y/a:latest"]);
  expect((await resolve(folder, "b", { aliasFile })).by).toBe("search");
});

it("a name without alias is looked for in the registries that are searched", async () => {
  expect(await resolve(machine(searching), "busybox")).toEqual({
    by: "search",
    candidates: ["quay.io/busybox:latest", "docker.io/library/busybox:latest"],
  });
});

it("somebody may choose among several, unless the mode is disabled", async () => {
  const choose: ResolveShortNameOptions["choose"] = async (candidates) => candidates[1] ?? Promise.reject();
  expect((await resolve(machine(searching), "busybox", { choose })).candidates).toEqual([
    "docker.io/library/busybox:latest",
  ]);
  expect(
    (await resolve(machine(`${searching}short-name-mode = "disabled"`), "busybox", { choose })).candidates,
  ).toHaveLength(2);
});

it("enforcing refuses what is ambiguous, and what is not, not", async () => {
  const ambiguous = resolve(machine(`${searching}short-name-mode = "enforcing"`), "busybox");
  await expect(ambiguous).rejects.toMatchObject({
    code: "ERR_DRAYAGE_REFERENCE_INVALID",
    message:
      '"busybox" is a short name that may mean quay.io/busybox:latest or docker.io/library/busybox:latest',
  });
  const alone = machine('unqualified-search-registries = ["quay.io"]\nshort-name-mode = "enforcing"');
  expect((await resolve(alone, "busybox")).candidates).toEqual(["quay.io/busybox:latest"]);
});

it("a name that nothing is known of, or that is none, is refused", async () => {
  await expect(resolve(machine(""), "busybox")).rejects.toMatchObject({
    code: "ERR_DRAYAGE_REFERENCE_INVALID",
    message: '"busybox" is a short name: there is no alias for it, and no registries to search',
  });
  await expect(resolve(machine(searching), "Busy Box")).rejects.toMatchObject({
    code: "ERR_DRAYAGE_REFERENCE_INVALID",
  });
});
