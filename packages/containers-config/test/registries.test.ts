import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ReadRegistriesOptions, type RegistriesConfig, readRegistriesConfig } from "../src/index.ts";
import { configurationFolder, failureOf } from "./configuration-folder.ts";

/** What a file says, alone on its machine. */
async function read(text: string): Promise<RegistriesConfig> {
  const folder = configurationFolder();
  folder.write("etc/registries.conf", text);
  return readRegistriesConfig(folder.place);
}

/** What is wrong with a file, and what the user is warned of. */
async function refusal(text: string): Promise<{ code: string; message: string; hint: string | undefined }> {
  const folder = configurationFolder();
  folder.write("registries.conf", text);
  return failureOf(
    () => readRegistriesConfig({ ...folder.place, path: join(folder.path, "registries.conf") }),
    folder,
  );
}

async function warnings(text: string): Promise<readonly string[]> {
  const folder = configurationFolder();
  const path = folder.write("registries.conf", text);
  const said: string[] = [];
  await readRegistriesConfig({ ...folder.place, path, onWarning: (message) => said.push(message) });
  return said.map((message) => message.replaceAll(`${folder.path}/`, ""));
}

const prefixes = (config: RegistriesConfig): readonly string[] =>
  config.registries.map(({ prefix }) => prefix);

describe("registries.conf", () => {
  it("gives registries with their mirrors, sorted by prefix", async () => {
    const folder = configurationFolder();
    const path = folder.write(
      "etc/registries.conf",
      `
unqualified-search-registries = ["quay.io/", "localhost:5000"]
credential-helpers = ["secretservice", "containers-auth.json"]
short-name-mode = "enforcing"
additional-layer-store-auth-helper = "anything"

[[registry]]
prefix = "quay.io/podman"
location = "internal.example.com/quay///"
insecure = true

[[registry.mirror]]
location = "one.example.com"
pull-from-mirror = "tag-only"

[[registry.mirror]]
location = "two.example.com:5000/quay"
insecure = true

[[registry]]
prefix = "*.example.org"
blocked = true

[[registry]]
location = "docker.io"
mirror-by-digest-only = true
mirror = [{ location = "hub.example.com" }]
`,
    );
    expect(await readRegistriesConfig(folder.place)).toEqual({
      registries: [
        { prefix: "*.example.org", insecure: false, blocked: true, mirrors: [], origin: path },
        {
          prefix: "docker.io",
          location: "docker.io",
          insecure: false,
          blocked: false,
          mirrors: [{ location: "hub.example.com", insecure: false, pullFromMirror: "digest-only" }],
          origin: path,
        },
        {
          prefix: "quay.io/podman",
          location: "internal.example.com/quay",
          insecure: true,
          blocked: false,
          mirrors: [
            { location: "one.example.com", insecure: false, pullFromMirror: "tag-only" },
            { location: "two.example.com:5000/quay", insecure: true, pullFromMirror: "all" },
          ],
          origin: path,
        },
      ],
      unqualifiedSearchRegistries: ["quay.io", "localhost:5000"],
      unqualifiedSearchOrigin: path,
      credentialHelpers: ["secretservice", "containers-auth.json"],
      shortNameMode: "enforcing",
      aliases: new Map(),
      files: [path],
    });
  });

  it("need not be there", async () => {
    expect(await readRegistriesConfig(configurationFolder().place)).toEqual({
      registries: [],
      unqualifiedSearchRegistries: [],
      unqualifiedSearchOrigin: undefined,
      credentialHelpers: ["containers-auth.json"],
      shortNameMode: "permissive",
      aliases: new Map(),
      files: [],
    });
  });

  it("has keys in any case, as for the Go tools", async () => {
    const config = await read(`[[Registry]]\nLocation = "quay.io"\nBLOCKED = true\n`);
    expect(config.registries).toMatchObject([{ prefix: "quay.io", blocked: true }]);
  });

  it("is read in version 1, too", async () => {
    const config = await read(`
[registries.search]
registries = ["quay.io", "docker.io"]
[registries.insecure]
registries = ["plain.example.com", "both.example.com/"]
[registries.block]
registries = ["both.example.com", "bad.example.com"]
`);
    expect(config.unqualifiedSearchRegistries).toEqual(["quay.io", "docker.io"]);
    expect(
      config.registries.map(({ prefix, location, insecure, blocked }) => [
        prefix,
        location,
        insecure,
        blocked,
      ]),
    ).toEqual([
      ["bad.example.com", "bad.example.com", false, true],
      ["both.example.com", "both.example.com", true, true],
      ["plain.example.com", "plain.example.com", true, false],
    ]);
  });

  it("takes empty lists of version 1 for nothing", async () => {
    const config = await read(`
short-name-mode = "disabled"
[registries.search]
registries = []
`);
    expect(config.shortNameMode).toBe("disabled");
  });
});

describe("the files that are read", () => {
  it("are the machine's, its drop-ins, then the user's drop-ins, by name", async () => {
    const folder = configurationFolder();
    const files = [
      folder.write("etc/registries.conf", ""),
      folder.write("usr/registries.conf.d/90.conf", ""),
      folder.write("etc/registries.conf.d/10.conf", ""),
      folder.write("etc/registries.conf.d/9.conf", ""),
      folder.write("home/.config/containers/registries.conf.d/05.conf", ""),
    ];
    folder.write("usr/registries.conf", "");
    folder.write("etc/registries.conf.d/11.conf.rpmsave", "not read");
    folder.write("etc/registries.conf.d/below.conf/12.conf", "not read");
    expect((await readRegistriesConfig(folder.place)).files).toEqual(files);
  });

  it("are the user's alone, where there is a main file of the user's", async () => {
    const folder = configurationFolder();
    folder.write("etc/registries.conf", "");
    folder.write("etc/registries.conf.d/10.conf", "");
    const files = [
      folder.write("home/.config/containers/registries.conf", ""),
      folder.write("home/.config/containers/registries.conf.d/05.conf", ""),
    ];
    expect((await readRegistriesConfig(folder.place)).files).toEqual(files);
  });

  it("are looked for in $XDG_CONFIG_HOME first, and in what the system came with last", async () => {
    const folder = configurationFolder();
    folder.write("home/.config/containers/registries.conf", "");
    const chosen = folder.write("xdg/containers/registries.conf", "");
    const env = { ...folder.place.env, XDG_CONFIG_HOME: join(folder.path, "xdg") };
    expect((await readRegistriesConfig({ ...folder.place, env })).files).toEqual([chosen]);

    const other = configurationFolder();
    const shipped = other.write("usr/registries.conf", "");
    expect((await readRegistriesConfig(other.place)).files).toEqual([shipped]);
  });

  it("are the one that is named, and all drop-ins", async () => {
    const folder = configurationFolder();
    folder.write("home/.config/containers/registries.conf", "");
    const files = [
      folder.write("named.conf", ""),
      folder.write("etc/registries.conf.d/10.conf", ""),
      folder.write("home/.config/containers/registries.conf.d/05.conf", ""),
    ];
    const env = { ...folder.place.env, CONTAINERS_REGISTRIES_CONF: "/nonexistent" };
    const config = await readRegistriesConfig({
      ...folder.place,
      env,
      path: join(folder.path, "named.conf"),
    });
    expect(config.files).toEqual(files);
  });

  it("are drop-ins of the folder that is named instead of the usual ones, if there is one", async () => {
    const folder = configurationFolder();
    const main = folder.write("etc/registries.conf", "");
    folder.write("etc/registries.conf.d/10.conf", "");
    folder.write("home/.config/containers/registries.conf.d/05.conf", "");
    const own = [folder.write("own/a.conf", ""), folder.write("own/b.conf", "")];
    const read = async (options: ReadRegistriesOptions) =>
      (await readRegistriesConfig({ ...folder.place, ...options })).files;
    const dropInFolder = join(folder.path, "own");
    expect(await read({ dropInFolder })).toEqual([main, ...own]);
    const named = folder.write("named.conf", "");
    expect(await read({ dropInFolder, path: named })).toEqual([named, ...own]);
    const env = { ...folder.place.env, CONTAINERS_REGISTRIES_CONF: named };
    expect(await read({ dropInFolder, env })).toEqual([named, ...own]);
    expect(await read({ dropInFolder: join(folder.path, "nosuch") })).toEqual([main]);
  });

  it("are those that the environment names, and no drop-ins", async () => {
    const folder = configurationFolder();
    folder.write("etc/registries.conf.d/10.conf", "");
    const files = [folder.write("named.conf", ""), folder.write("override.conf", "")];
    const env = {
      ...folder.place.env,
      CONTAINERS_REGISTRIES_CONF: files[0] ?? "",
      CONTAINERS_REGISTRIES_CONF_OVERRIDE: files[1] ?? "",
    };
    expect((await readRegistriesConfig({ ...folder.place, env })).files).toEqual(files);
  });

  it("have to be there where they were named", async () => {
    const folder = configurationFolder();
    const path = join(folder.path, "absent.conf");
    for (const options of [
      { path },
      { env: { ...folder.place.env, CONTAINERS_REGISTRIES_CONF: path } },
      { env: { ...folder.place.env, CONTAINERS_REGISTRIES_CONF_OVERRIDE: path } },
    ]) {
      expect(
        (await failureOf(() => readRegistriesConfig({ ...folder.place, ...options }), folder)).code,
      ).toBe("ERR_DRAYAGE_IO");
    }
  });
});

describe("a drop-in", () => {
  it("replaces settings and entries of the same prefix, and adds others", async () => {
    const folder = configurationFolder();
    folder.write(
      "etc/registries.conf",
      `
unqualified-search-registries = ["docker.io"]
credential-helpers = ["pass"]
short-name-mode = "disabled"
[[registry]]
location = "quay.io"
insecure = true
[[registry.mirror]]
location = "old.example.com"
[[registry]]
location = "docker.io"
[aliases]
alpine = "docker.io/alpine"
fedora = "quay.io/fedora/fedora"
`,
    );
    const dropIn = folder.write(
      "etc/registries.conf.d/local.conf",
      `
unqualified-search-registries = []
[[registry]]
location = "quay.io"
[[registry]]
location = "ghcr.io"
[aliases]
alpine = ""
"library/debian" = "docker.io/library/debian"
`,
    );
    const config = await readRegistriesConfig(folder.place);
    expect(prefixes(config)).toEqual(["docker.io", "ghcr.io", "quay.io"]);
    expect(config.registries[2]).toEqual({
      prefix: "quay.io",
      location: "quay.io",
      insecure: false,
      blocked: false,
      mirrors: [],
      origin: dropIn,
    });
    expect(config.unqualifiedSearchRegistries).toEqual([]);
    expect(config.unqualifiedSearchOrigin).toBe(dropIn);
    expect(config.credentialHelpers).toEqual(["pass"]);
    expect(config.shortNameMode).toBe("disabled");
    expect([...config.aliases].map(([name, alias]) => [name, alias.name?.name, alias.origin])).toEqual([
      ["alpine", undefined, dropIn],
      ["fedora", "quay.io/fedora/fedora", join(folder.path, "etc/registries.conf")],
      ["library/debian", "docker.io/library/debian", dropIn],
    ]);
  });

  it("is not written in version 1", async () => {
    const folder = configurationFolder();
    folder.write("etc/registries.conf.d/old.conf", '\n[registries.block]\nregistries = ["quay.io"]\n');
    expect(await failureOf(() => readRegistriesConfig(folder.place), folder)).toMatchObject({
      code: "ERR_DRAYAGE_CONFIGURATION_INVALID",
      message:
        '"etc/registries.conf.d/old.conf": a drop-in is written in the format of version 2, this is version 1',
    });
  });
});

describe("what is malformed is refused by file and line", () => {
  it.each([
    ["x =", "line 1: not TOML: "],
    ['a = 1\nb = "\n', "line 2: not TOML: "],
    ['[[registry]]\nlocation = "a.b"\nlocation = "c.d"', "line 3: not TOML: "],
    ['[registry]\nlocation = "a.b"', "line 1: registry: [[registry]] tables is expected"],
    [
      '[[registry]]\nlocation = "a.b"\n\n[[registry]]\nlocation = "c.d"\ninsecure = "yes"',
      "line 6: insecure: true or false is expected",
    ],
    [
      "unqualified-search-registries = 'quay.io'",
      "line 1: unqualified-search-registries: a list of texts is expected",
    ],
    ["[[registry]]\ninsecure = true", "line 1: a [[registry]] has neither prefix nor location"],
    ['\n[[registry]]\nprefix = "a.b/c"', 'line 2: the [[registry]] of the prefix "a.b/c" has no location'],
    ['[[registry]]\nlocation = "https://a.b"', `line 2: location: "https://a.b" has a URL's scheme`],
    [
      '[[registry]]\nprefix = "http://a.b"\nlocation = "a.b"',
      `line 2: prefix: "http://a.b" has a URL's scheme`,
    ],
    ['[[registry]]\nprefix = "*.a.b/c"', 'line 2: prefix: "*.a.b/c" has more than a domain behind its *.'],
    [
      '[[registry]]\nprefix = "*.a.b:5000"\nlocation = "c.d"',
      'line 2: prefix: "*.a.b:5000" has more than a domain behind its *.',
    ],
    [
      '[[registry]]\nlocation = "a.b"\npull-from-mirror = "all"',
      "line 3: pull-from-mirror stands in a [[registry.mirror]], not in a [[registry]]",
    ],
    [
      '[[registry]]\nlocation = "a.b"\n[[registry.mirror]]\ninsecure = true',
      "line 3: a [[registry.mirror]] has no location",
    ],
    [
      '[[registry]]\nlocation = "a.b"\n[[registry.mirror]]\nlocation = "c.d"\n[[registry.mirror]]\nlocation = "e.f"\npull-from-mirror = "never"',
      'line 7: pull-from-mirror: "never" is not all, digest-only or tag-only',
    ],
    [
      '[[registry]]\nlocation = "a.b"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "c.d"\npull-from-mirror = "all"',
      "line 6: pull-from-mirror and the registry's mirror-by-digest-only exclude each other",
    ],
    [
      '[[registry]]\nlocation = "a.b"\n[[registry]]\nprefix = "c.d"\nlocation = "a.b"\nblocked = true',
      'line 3: blocked is true for "a.b", and false in another [[registry]]',
    ],
    [
      '[[registry]]\nlocation = "a.b"\ninsecure = true\n[[registry]]\nprefix = "c.d"\nlocation = "a.b/"',
      'line 4: insecure is false for "a.b", and true in another [[registry]]',
    ],
    [
      'unqualified-search-registries = ["a.b/c"]',
      'line 1: unqualified-search-registries: "a.b/c" is not the name of a host',
    ],
    [
      'unqualified-search-registries = [""]',
      'line 1: unqualified-search-registries: "" is not the name of a host',
    ],
    ['short-name-mode = "ask"', 'line 1: short-name-mode: "ask" is not enforcing, permissive or disabled'],
    ['[aliases]\n"a:b" = "c.d/e"', 'line 2: "a:b" is not a short name'],
    ['[aliases]\n"c.d/a" = "c.d/e"', 'line 2: "c.d/a" is not a short name'],
    ["[aliases]\na = 'b'", 'line 2: "b" is not the full name of a repository'],
    ["[aliases]\na = 'b.c/d:e'", 'line 2: "b.c/d:e" is not the full name of a repository'],
    [
      "[aliases]\na = 'b.c/D'",
      'line 2: "b.c/D" is not an image reference: the repository name has upper-case letters',
    ],
    [
      '[registries.search]\nregistries = ["a.b"]\n[[registry]]\nlocation = "c.d"',
      ": [registries] of version 1 and settings of version 2 cannot stand in one file",
    ],
  ])("%j", async (text, message) => {
    const failure = await refusal(text);
    expect(failure.code).toBe("ERR_DRAYAGE_CONFIGURATION_INVALID");
    expect(failure.message).toContain(
      message.startsWith(":") ? `"registries.conf"${message}` : `"registries.conf", ${message}`,
    );
  });

  it("also where it is not UTF-8, or too large", async () => {
    const folder = configurationFolder();
    const latin1 = folder.write("latin1.conf", Uint8Array.of(0x23, 0xe9, 0x0a));
    expect(
      await failureOf(() => readRegistriesConfig({ ...folder.place, path: latin1 }), folder),
    ).toMatchObject({
      code: "ERR_DRAYAGE_CONFIGURATION_INVALID",
      message: '"latin1.conf": it is not UTF-8',
    });
    const path = folder.write("large.conf", "#".repeat(1024 * 1024 + 1));
    expect((await failureOf(() => readRegistriesConfig({ ...folder.place, path }), folder)).code).toBe(
      "ERR_DRAYAGE_LIMIT_EXCEEDED",
    );
  });
});

describe("what has no effect is warned of", () => {
  it.each([
    [
      '[[registry]]\nlocation = "a.b/c:1"',
      '"registries.conf", line 2: "a.b/c:1" holds for no image: a prefix is held against names without tag and digest',
    ],
    [
      '[[registry]]\nlocation = "a.b/c"\nprefix = "a.b:5000/c@sha256:00"',
      '"registries.conf", line 3: "a.b:5000/c@sha256:00" holds for no image: a prefix is held against names without tag and digest',
    ],
    [
      '[[registry]]\nlocation = "a.b"\ninsecur = true',
      '"registries.conf", line 3: there is no setting "insecur"; it is ignored',
    ],
    ["search = 1", '"registries.conf", line 1: there is no setting "search"; it is ignored'],
    [
      '[[registry]]\nlocation = "a.b"\n[[registry.mirror]]\nlocation = "c.d"\nblocked = true',
      '"registries.conf", line 5: there is no setting "blocked"; it is ignored',
    ],
    [
      '[[registry]]\nlocation = "a.b"\n[[registry]]\nprefix = "a.b"\nlocation = "c.d"',
      '"registries.conf", line 3: this [[registry]] is ignored, another one before it has its prefix "a.b"',
    ],
  ])("%j", async (text, warning) => {
    expect(await warnings(text)).toEqual([warning]);
  });

  it("and a port is no tag", async () => {
    expect(
      await warnings('[[registry]]\nlocation = "a.b:5000"\n[[registry]]\nlocation = "a.b:5000/c"'),
    ).toEqual([]);
  });
});
