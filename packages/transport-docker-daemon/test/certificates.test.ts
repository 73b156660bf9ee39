import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { readTlsOptions } from "../src/certificates.ts";

function folderWith(...names: readonly string[]): string {
  const folder = temporaryDirectory();
  for (const name of names) writeFileSync(path.join(folder, name), `the text of ${name}`);
  return folder;
}

const all = {
  verify: true,
  ca: ["the text of ca.pem"],
  clients: [{ cert: "the text of cert.pem", key: "the text of key.pem" }],
};
const three = ["ca.pem", "cert.pem", "key.pem"];

it("the option's folder is read, and not that of the environment", async () => {
  const env = { DOCKER_CERT_PATH: folderWith("ca.pem") };
  expect(await readTlsOptions({ certDir: folderWith(...three) }, env)).toEqual(all);
});

it("DOCKER_CERT_PATH is read", async () => {
  expect(await readTlsOptions({}, { DOCKER_CERT_PATH: folderWith(...three) })).toEqual(all);
});

it("~/.docker is read where DOCKER_TLS_VERIFY is set, and may be empty", async () => {
  const home = temporaryDirectory();
  expect(await readTlsOptions({}, { DOCKER_TLS_VERIFY: "1", HOME: home })).toEqual({
    verify: true,
    ca: [],
    clients: [],
  });
  mkdirSync(path.join(home, ".docker"));
  writeFileSync(path.join(home, ".docker", "ca.pem"), "the text of ca.pem");
  expect(await readTlsOptions({}, { DOCKER_TLS_VERIFY: "1", HOME: home })).toEqual({ ...all, clients: [] });
  expect(await readTlsOptions({}, { HOME: home })).toEqual({ verify: true });
});

it("certificates are not checked where that is asked for, and only there", async () => {
  expect(await readTlsOptions({ tlsVerify: false }, {})).toEqual({ verify: false });
  expect(await readTlsOptions({}, { DOCKER_TLS_VERIFY: "" })).toEqual({ verify: true });
});

it.each([
  [[], "it has none of ca.pem, cert.pem and key.pem"],
  [["ca.pem", "cert.pem"], "cert.pem lacks its key.pem"],
  [["key.pem"], "key.pem lacks its cert.pem"],
])("a folder with %j is refused", async (names, reason) => {
  const certDir = folderWith(...names);
  await expect(readTlsOptions({ certDir }, {})).rejects.toMatchObject({
    code: "ERR_DRAYAGE_CONFIGURATION_INVALID",
    message: `${JSON.stringify(certDir)} cannot be used for the docker daemon: ${reason}`,
  });
});
