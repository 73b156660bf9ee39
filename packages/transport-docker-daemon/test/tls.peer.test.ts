import { copyFileSync } from "node:fs";
import path from "node:path";
import { randomImage, readImage, writeImage } from "@drayage/testkit";
import {
  describeWithPeers,
  skopeo,
  startDockerd,
  temporaryDirectory,
  testCertificates,
} from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { connect } from "../src/daemon.ts";
import { dockerDaemon } from "../src/index.ts";
import { daemonOfThisFile } from "./support/dockerd.ts";

describeWithPeers("a dockerd that wants certificates", ["dockerd", "root", "openssl", "skopeo"], () => {
  const started = daemonOfThisFile(async () => startDockerd({ tcp: await testCertificates() }));

  async function folderOf(...names: readonly ("ca" | "client")[]): Promise<string> {
    const { authority, client } = await testCertificates();
    const folder = temporaryDirectory();
    if (names.includes("ca")) copyFileSync(authority.certificate, path.join(folder, "ca.pem"));
    if (names.includes("client")) {
      copyFileSync(client.certificate, path.join(folder, "cert.pem"));
      copyFileSync(client.key, path.join(folder, "key.pem"));
    }
    return folder;
  }

  it("is spoken to by the folder of the option, as by skopeo", async () => {
    const { tcpHost = "" } = await started();
    const image = await randomImage({ seed: "tls", format: "docker" });
    const certDir = await folderOf("ca", "client");
    const connection = { daemonHost: tcpHost, certDir };
    const transport = dockerDaemon({ env: {} });
    const reference = transport.parse("tls:1");
    await using destination = await transport.openDestination(reference, { connection });
    await writeImage(destination, image);
    await using source = await transport.openSource(reference, { connection });
    const read = await readImage(source);
    const flags = ["--daemon-host", tcpHost, "--cert-dir", certDir];
    const { stdout } = await skopeo(["inspect", "--raw", ...flags, "docker-daemon:tls:1"]);
    expect(Buffer.from(read.manifest.bytes).toString()).toBe(stdout);
  });

  it("is spoken to by the environment", async () => {
    const { tcpHost = "" } = await started();
    const env = { DOCKER_HOST: tcpHost, DOCKER_CERT_PATH: await folderOf("ca", "client") };
    const daemon = await connect({}, { env: { ...env, DOCKER_TLS_VERIFY: "1" } });
    expect(daemon.os).toBe("linux");
    daemon.close();
  });

  it("may be any where certificates are not checked", async () => {
    const { tcpHost = "" } = await started();
    const connection = { daemonHost: tcpHost, certDir: await folderOf("client") };
    (await connect({ connection: { ...connection, tlsVerify: false } }, { env: {} })).close();
    await expect(connect({ connection }, { env: {} })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_TLS",
      message: expect.stringMatching(/^the docker daemon at tcp:\/\/127\.0\.0\.1:\d+: no TLS connection to /),
      hint: expect.stringContaining("ca.pem, cert.pem and key.pem"),
    });
  });

  it("refuses who has no certificate", async () => {
    const { tcpHost = "" } = await started();
    const connection = { daemonHost: tcpHost, certDir: await folderOf("ca") };
    await expect(connect({ connection }, { env: {} })).rejects.toMatchObject({ code: "ERR_DRAYAGE_TLS" });
  });
});

describeWithPeers("a dockerd that listens for all", ["dockerd", "root"], () => {
  const started = daemonOfThisFile(() => startDockerd({ tcp: "plain" }));

  it("is spoken to by http://, and by DOCKER_HOST=tcp://, and not by tcp:// in the option", async () => {
    const { tcpHost = "" } = await started();
    const http = tcpHost.replace("tcp:", "http:");
    (await connect({ connection: { daemonHost: http } }, { env: {} })).close();
    (await connect({}, { env: { DOCKER_HOST: tcpHost } })).close();
    await expect(connect({ connection: { daemonHost: tcpHost } }, { env: {} })).rejects.toMatchObject({
      code: "ERR_DRAYAGE_TLS",
      hint: expect.stringContaining("http://HOST:PORT reaches a daemon without TLS"),
    });
  });
});
