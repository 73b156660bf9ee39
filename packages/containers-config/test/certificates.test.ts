import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { readHostCertificates } from "../src/index.ts";
import { createMachine, type Machine } from "./support/machine.ts";

/** Reads what is there for a host, on a machine whose `/etc` is in the test's folder. */
async function readFor(host: string, machine: Machine) {
  const warnings: string[] = [];
  const onWarning = (message: string): void => void warnings.push(message);
  const tls = await readHostCertificates(host, { env: machine.env, root: machine.folder, onWarning });
  return { tls, warnings };
}

describe("the certificates of a host", () => {
  it("are none where there is no folder, or nothing in it", async () => {
    const machine = createMachine();
    expect(await readFor("r.example", machine)).toEqual({ tls: undefined, warnings: [] });
    machine.write(join(machine.home, ".config/containers/certs.d/r.example/README"), "nothing");
    expect(await readFor("r.example", machine)).toEqual({ tls: undefined, warnings: [] });
    const certDir = join(machine.folder, "none");
    expect(await readHostCertificates("r.example", { certDir, env: machine.env })).toBeUndefined();
  });

  it("are a key with its certificate, in whichever folder", async () => {
    const cases: readonly [file: string, missing: string][] = [
      ["client.key", 'the client certificate "client.cert" is missing'],
      ["client.cert", 'the key "client.key" is missing'],
      [".cert", 'the key ".key" is missing'],
    ];
    for (const [file, missing] of cases) {
      const machine = createMachine();
      const path = machine.write(join(machine.folder, "etc/docker/certs.d/r.example", file), "");
      await expect(readFor("r.example", machine)).rejects.toMatchObject({
        code: "ERR_DRAYAGE_CONFIGURATION_INVALID",
        message: `${JSON.stringify(path)}: ${missing}`,
      });
    }
  });

  it("are refused where they are none, without a word of what the key's file holds", async () => {
    const machine = createMachine();
    const folder = join(machine.folder, "certs");
    machine.write(join(folder, "client.cert"), "no certificate");
    machine.write(join(folder, "client.key"), "hunter2");
    const error = await readHostCertificates("r.example", { certDir: folder }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: "ERR_DRAYAGE_CONFIGURATION_INVALID",
      message: expect.stringContaining("are not a certificate and a key in PEM form"),
    });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("hunter2");
  });

  it("that are no PEM are passed over with a warning, links to nothing without one", async () => {
    const machine = createMachine();
    const folder = join(machine.folder, "etc/containers/certs.d/r.example:5000");
    const path = machine.write(
      join(folder, "a.crt"),
      "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----",
    );
    symlinkSync("nowhere", join(folder, "b.crt"));
    expect(await readFor("r.example:5000", machine)).toEqual({
      tls: undefined,
      warnings: [`${JSON.stringify(path)} holds no certificate in PEM form`],
    });
  });

  it("are files of at most 4 MiB, and at most 256", async () => {
    const machine = createMachine();
    const folder = join(machine.home, ".config/containers/certs.d/r.example");
    machine.write(join(folder, "a.crt"), "-".repeat(4 * 1024 * 1024 + 1));
    await expect(readFor("r.example", machine)).rejects.toMatchObject({ code: "ERR_DRAYAGE_LIMIT_EXCEEDED" });
    const many = join(machine.home, ".config/containers/certs.d/many.example");
    for (let index = 0; index < 257; index++) machine.write(join(many, `${index}.crt`), "");
    await expect(readFor("many.example", machine)).rejects.toMatchObject({
      code: "ERR_DRAYAGE_LIMIT_EXCEEDED",
    });
    mkdirSync(join(machine.folder, "etc/docker/certs.d/folder.example/a.crt"), { recursive: true });
    await expect(readFor("folder.example", machine)).rejects.toMatchObject({ code: "ERR_DRAYAGE_IO" });
  });

  it("are asked for by a host alone", async () => {
    const machine = createMachine();
    for (const host of ["..", ".", "", "a/b", "../../etc", "a\0"]) {
      await expect(readFor(host, machine), host).rejects.toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
    }
    expect(await readFor("[::1]:5000", machine)).toEqual({ tls: undefined, warnings: [] });
  });
});
