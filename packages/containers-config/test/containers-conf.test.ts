import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readContainersSettings } from "../src/index.ts";

let folder: string;
const at = (...names: string[]): string => join(folder, ...names);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "drayage-"));
  for (const each of ["etc/containers.conf.d", "usr", "home/.config/containers"])
    mkdirSync(at(each), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (env: Record<string, string> = {}): ReturnType<typeof readContainersSettings> =>
  readContainersSettings({ machineFolders: [at("etc"), at("usr")], env: { HOME: at("home"), ...env } });

it("without files nothing is said", async () => {
  expect(await read()).toEqual({
    capabilities: undefined,
    ulimits: undefined,
    devices: undefined,
    files: [],
  });
});

it("the administrator's file counts more than the system's, drop-ins more than it, and the user's most", async () => {
  writeFileSync(
    at("usr/containers.conf"),
    '[containers]\ndefault_capabilities = ["CHOWN"]\ndevices = ["/dev/a"]\n',
  );
  writeFileSync(
    at("etc/containers.conf"),
    '[containers]\ndefault_capabilities = ["KILL"]\ndefault_ulimits = ["nofile=1:2"]\n',
  );
  writeFileSync(
    at("etc/containers.conf.d/1.conf"),
    '[containers]\ndefault_ulimits = ["nproc=1:2", { append = true }]\n',
  );
  writeFileSync(
    at("home/.config/containers/containers.conf"),
    '[containers]\ndevices = []\n[engine]\nruntime = "crun"\n',
  );
  const { files, ...settings } = await read();
  expect(settings).toEqual({ capabilities: ["KILL"], ulimits: ["nofile=1:2", "nproc=1:2"], devices: [] });
  expect(files.length).toBe(4);
});

it("$CONTAINERS_CONF is read alone, and then $CONTAINERS_CONF_OVERRIDE", async () => {
  writeFileSync(at("etc/containers.conf"), '[containers]\ndevices = ["/dev/a"]\n');
  writeFileSync(at("mine"), '[containers]\ndefault_capabilities = ["KILL"]\n');
  writeFileSync(at("more"), '[containers]\ndefault_capabilities = ["CHOWN", { append = true }]\n');
  const env = { CONTAINERS_CONF: at("mine"), CONTAINERS_CONF_OVERRIDE: at("more") };
  expect(await read(env)).toMatchObject({ capabilities: ["KILL", "CHOWN"], devices: undefined });
});

it("a file that is none is told with its line, and one that was named has to be there", async () => {
  writeFileSync(at("etc/containers.conf"), "[containers]\ndevices = 5\n");
  await expect(read()).rejects.toMatchObject({
    code: "ERR_DRAYAGE_CONFIGURATION_INVALID",
    message: expect.stringMatching(/containers\.conf", line 2/),
  });
  await expect(read({ CONTAINERS_CONF: at("missing") })).rejects.toMatchObject({ code: "ERR_DRAYAGE_IO" });
});
