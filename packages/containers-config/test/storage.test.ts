import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { driverOptions, parseStorageOption, readStorageSettings } from "../src/index.ts";
import { configurationFolder, failureOf } from "./configuration-folder.ts";

const nothing = {
  driver: undefined,
  driverPriority: [],
  graphRoot: "/var/lib/containers/storage",
  runRoot: "/run/containers/storage",
  imageStore: undefined,
  additionalImageStores: [],
  transientStore: false,
  options: [],
  rootless: false,
  files: [],
};

describe("storage.conf of the machine", () => {
  it("need not be there: the store is where the Go tools have it", async () => {
    expect(await readStorageSettings({ ...configurationFolder().place, uid: 0 })).toEqual(nothing);
  });

  it("says where the store is, and with which driver and options", async () => {
    const folder = configurationFolder();
    const path = folder.write(
      "etc/storage.conf",
      `
[storage]
driver = "overlay2"
driver_priority = ["overlay", "vfs"]
graphroot = "/tmp/drayage-graph"
runroot = "/tmp/drayage-run"
imagestore = "/tmp/drayage-images"
transient_store = true
something = { new = true }

[storage.options]
additionalimagestores = ["/a", "/b"]
pull_options = {enable_partial_images = "true"}
mountopt = "nodev"
force_mask = 0o755
remap-uids = "0:1:2"

[storage.options.overlay]
mountopt = "nodev,metacopy=on"
mount_program = "/usr/bin/fuse-overlayfs"
unheard_of = "1"
ignore_chown_errors = ""

[storage.options.vfs]
ignore_chown_errors = "true"

[storage.options.memory]
Anything = 5

[something.else]
a = 1
`,
    );
    const settings = await readStorageSettings({ ...folder.place, uid: 0 });
    expect(settings).toEqual({
      driver: "overlay",
      driverPriority: ["overlay", "vfs"],
      graphRoot: "/tmp/drayage-graph",
      runRoot: "/tmp/drayage-run",
      imageStore: "/tmp/drayage-images",
      additionalImageStores: ["/a", "/b"],
      transientStore: true,
      rootless: false,
      files: [path],
      options: [
        { name: "force_mask", value: "755" },
        { name: "mountopt", value: "nodev" },
        { driver: "overlay", name: "mount_program", value: "/usr/bin/fuse-overlayfs" },
        { driver: "overlay", name: "mountopt", value: "nodev,metacopy=on" },
        { driver: "vfs", name: "ignore_chown_errors", value: "true" },
        { driver: "memory", name: "anything", value: "5" },
      ],
    });
    expect(driverOptions(settings.options, "overlay")).toEqual({
      force_mask: "755",
      mountopt: "nodev,metacopy=on",
      mount_program: "/usr/bin/fuse-overlayfs",
    });
    expect(driverOptions(settings.options, "vfs")).toEqual({
      force_mask: "755",
      mountopt: "nodev",
      ignore_chown_errors: "true",
    });
  });

  it("is followed by drop-ins by their names, of which those of /etc replace those of the system", async () => {
    const folder = configurationFolder();
    const main = folder.write(
      "etc/storage.conf",
      '[storage]\ndriver = "vfs"\n[storage.options]\nadditionalimagestores = ["/a"]\n',
    );
    folder.write("usr/storage.conf", '[storage]\nrunroot = "/never"\n');
    folder.write("usr/storage.conf.d/20.conf", '[storage]\nrunroot = "/replaced"\n');
    const twenty = folder.write("etc/storage.conf.d/20.conf", '[storage]\ngraphroot = "/twenty"\n');
    const ten = folder.write(
      "etc/storage.rootful.conf.d/10.conf",
      '[storage]\ndriver = "overlay"\ngraphroot = "/ten"\n[storage.options]\nadditionalimagestores = ["/b", {append = true}]\n',
    );
    folder.write("etc/storage.rootless.conf.d/30.conf", '[storage]\ngraphroot = "/not-root"\n');
    folder.write("etc/storage.conf.d/readme.txt", "no TOML");
    const settings = await readStorageSettings({ ...folder.place, uid: 0 });
    expect(settings).toEqual({
      ...nothing,
      driver: "overlay",
      graphRoot: "/twenty",
      additionalImageStores: ["/a", "/b"],
      files: [main, ten, twenty],
    });
  });

  it("is refused with its name and line where it is malformed", async () => {
    for (const [text, place] of [
      ["[storage]\ndriver = \n", "line 2"],
      ["[storage]\n\ndriver = 5\n", "line 3"],
      ['[storage]\n[storage.options]\nadditionalimagestores = "/a"\n', "line 3"],
      ["[storage]\n[storage.options.overlay]\nmountopt = []\n", "line 3"],
    ] as const) {
      const folder = configurationFolder();
      folder.write("etc/storage.conf", text);
      const failure = await failureOf(() => readStorageSettings({ ...folder.place, uid: 0 }), folder);
      expect(failure.code).toBe("ERR_DRAYAGE_CONFIGURATION_INVALID");
      expect(failure.message).toContain(`storage.conf", ${place}: `);
    }
  });

  it("cannot have the images where everything is", async () => {
    const folder = configurationFolder();
    folder.write("etc/storage.conf", '[storage]\ngraphroot = "/tmp/g"\nimagestore = "/tmp/g"\n');
    const failure = await failureOf(() => readStorageSettings({ ...folder.place, uid: 0 }), folder);
    expect(failure.code).toBe("ERR_DRAYAGE_CONFIGURATION_INVALID");
  });
});

describe("storage.conf of a user", () => {
  it("need not be there: the store is the user's own, with the machine's driver alone", async () => {
    const folder = configurationFolder();
    folder.write(
      "etc/storage.conf",
      '[storage]\ndriver = "overlay"\ngraphroot = "/g"\nrunroot = "/r"\n[storage.options]\nadditionalimagestores = ["/a"]\nmountopt = "nodev"\n[storage.options.overlay]\nignore_chown_errors = "true"\n',
    );
    const home = join(folder.path, "home");
    const runtime = join(folder.path, "runtime");
    const env = { ...folder.place.env, HOME: home, XDG_RUNTIME_DIR: runtime };
    const settings = await readStorageSettings({ ...folder.place, env, uid: 1234 });
    expect(settings).toMatchObject({
      driver: "overlay",
      graphRoot: join(home, ".local/share/containers/storage"),
      runRoot: join(runtime, "containers"),
      additionalImageStores: [],
      options: [{ driver: "overlay", name: "ignore_chown_errors", value: "true" }],
      rootless: true,
    });
    const data = await readStorageSettings({
      ...folder.place,
      env: { ...env, XDG_DATA_HOME: "/tmp/drayage-data" },
      uid: 1234,
    });
    expect(data.graphRoot).toBe("/tmp/drayage-data/containers/storage");
  });

  it("may be sent elsewhere by the machine's rootless_storage_path, in which variables stand", async () => {
    const folder = configurationFolder();
    folder.write(
      "etc/storage.conf",
      `[storage]\ndriver = "zfs"\nrootless_storage_path = "/tmp/drayage-$UID/\${USERNAME}$NOBODY/s"\n`,
    );
    const env = { ...folder.place.env, USERNAME: "me" };
    const settings = await readStorageSettings({ ...folder.place, env, uid: 1234 });
    expect(settings.graphRoot).toBe("/tmp/drayage-1234/me/s");
    expect(settings.driver).toBeUndefined();
    expect((await readStorageSettings({ ...folder.place, env, uid: 0 })).graphRoot).toBe(nothing.graphRoot);
  });

  it("counts instead of the machine's, whole", async () => {
    const folder = configurationFolder();
    folder.write("etc/storage.conf", '[storage]\ndriver = "overlay"\ngraphroot = "/g"\n');
    const own = folder.write(
      "home/.config/containers/storage.conf",
      '[storage]\ngraphroot = "$HOME/graph"\n[storage.options]\nmountopt = "nodev"\n',
    );
    const env = { HOME: join(folder.path, "home"), XDG_RUNTIME_DIR: "/tmp" };
    expect(await readStorageSettings({ ...folder.place, env, uid: 1234 })).toEqual({
      ...nothing,
      graphRoot: join(folder.path, "home/graph"),
      runRoot: "/tmp/containers",
      options: [{ name: "mountopt", value: "nodev" }],
      rootless: true,
      files: [own],
    });
    const byRoot = await readStorageSettings({ ...folder.place, env, uid: 0 });
    expect(byRoot.graphRoot).toBe("/g");
  });
});

describe("what counts more than the files", () => {
  it("is $CONTAINERS_STORAGE_CONF, beside which none is read, and its override", async () => {
    const folder = configurationFolder();
    folder.write("etc/storage.conf", '[storage]\ndriver = "overlay"\n');
    folder.write("etc/storage.conf.d/1.conf", '[storage]\ndriver = "overlay"\n');
    const named = folder.write("named.conf", '[storage]\ngraphroot = "/tmp/named"\nrunroot = "/tmp/n"\n');
    const override = folder.write("override.conf", '[storage]\nrunroot = "/tmp/o"\n');
    const env = {
      ...folder.place.env,
      CONTAINERS_STORAGE_CONF: named,
      CONTAINERS_STORAGE_CONF_OVERRIDE: override,
    };
    for (const uid of [0, 1234]) {
      expect(await readStorageSettings({ ...folder.place, env, uid })).toEqual({
        ...nothing,
        graphRoot: "/tmp/named",
        runRoot: "/tmp/o",
        rootless: uid !== 0,
        files: [named, override],
      });
    }
    const lost = { ...env, CONTAINERS_STORAGE_CONF: join(folder.path, "absent.conf") };
    const failure = await failureOf(() => readStorageSettings({ ...folder.place, env: lost }), folder);
    expect(failure.code).toBe("ERR_DRAYAGE_IO");
  });

  it("is $STORAGE_DRIVER, and $STORAGE_OPTS instead of all options", async () => {
    const folder = configurationFolder();
    folder.write(
      "etc/storage.conf",
      '[storage]\ndriver = "overlay"\n[storage.options]\nmountopt = "nodev"\nadditionalimagestores = ["/a"]\n',
    );
    const env = {
      ...folder.place.env,
      STORAGE_DRIVER: "vfs",
      STORAGE_OPTS: "overlay.mountopt=a=b,.Size=5,vfs.imagestore=/x",
    };
    expect(await readStorageSettings({ ...folder.place, env, uid: 0 })).toMatchObject({
      driver: "vfs",
      additionalImageStores: ["/x"],
      options: [
        { driver: "overlay", name: "mountopt", value: "a=b" },
        { name: "size", value: "5" },
      ],
    });
  });

  it("follows links of what is there", async () => {
    const folder = configurationFolder();
    mkdirSync(join(folder.path, "real"));
    symlinkSync("real", join(folder.path, "link"));
    folder.write("etc/storage.conf", `[storage]\ngraphroot = "${join(folder.path, "link")}"\n`);
    const settings = await readStorageSettings({ ...folder.place, uid: 0 });
    expect(settings.graphRoot).toBe(join(folder.path, "real"));
  });
});

it("an option without a name or a value is refused", () => {
  for (const text of ["", "overlay", "=x", "overlay.=x"]) {
    expect(() => parseStorageOption(text)).toThrow("is no option of a storage driver");
  }
});
