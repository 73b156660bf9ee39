import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeWithPeers, testCertificates } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { readHostCertificates } from "../src/index.ts";
import { createMachine } from "./support/machine.ts";

const read = (path: string): string => readFileSync(path, "utf8");

describeWithPeers("the certificates of a host, made by openssl", ["openssl"], () => {
  it("are those of the first folder that is there", async () => {
    const { authority, server, selfSigned } = await testCertificates();
    const machine = createMachine();
    const { env, folder, home } = machine;
    const folders = [
      join(home, ".config/containers/certs.d/r.example:5000"),
      join(folder, "etc/containers/certs.d/r.example:5000"),
      join(folder, "etc/docker/certs.d/r.example:5000"),
    ];
    const sources = [authority.certificate, server.certificate, selfSigned.certificate];
    folders.forEach((path, index) => {
      mkdirSync(path, { recursive: true });
      copyFileSync(sources[index] ?? "", join(path, "ca.crt"));
    });
    for (const [index, path] of folders.entries()) {
      const tls = await readHostCertificates("r.example:5000", { env, root: folder });
      expect(tls).toEqual({ ca: [read(sources[index] ?? "").trim()], clients: [] });
      rmSync(path, { recursive: true });
    }
    expect(await readHostCertificates("r.example:5000", { env, root: folder })).toBeUndefined();
  });

  it("are all authorities of all files, and each client's certificate with its key", async () => {
    const { authority, server, selfSigned, client } = await testCertificates();
    const certDir = createMachine().folder;
    const [one, two, three] = [authority, server, selfSigned].map(({ certificate }) =>
      read(certificate).trim(),
    );
    writeFileSync(join(certDir, "b.crt"), `${one}\n# a remark\n${two}\n`);
    writeFileSync(join(certDir, "a.crt"), `${three}`);
    copyFileSync(client.certificate, join(certDir, "client.cert"));
    copyFileSync(client.key, join(certDir, "client.key"));
    copyFileSync(authority.key, join(certDir, "other.pem"));
    expect(await readHostCertificates("r.example", { certDir })).toEqual({
      ca: [three, one, two],
      clients: [{ cert: read(client.certificate), key: read(client.key) }],
    });
  });

  it("of a client are refused with the key of another", async () => {
    const { client, server } = await testCertificates();
    const certDir = createMachine().folder;
    copyFileSync(client.certificate, join(certDir, "client.cert"));
    copyFileSync(server.key, join(certDir, "client.key"));
    await expect(readHostCertificates("r.example", { certDir })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_CONFIGURATION_INVALID",
      message: expect.stringContaining("it is not the certificate of the key"),
    });
  });
});
