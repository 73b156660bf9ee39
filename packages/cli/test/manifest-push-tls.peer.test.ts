import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  describeWithPeers,
  startRegistry,
  type TestRegistry,
  testCertificates,
} from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dray, testFolder, writeTarFile } from "./run-dray.ts";

const folder = testFolder();
const at = (...names: string[]): string => join(folder, ...names);
const env = { HOME: at("home"), CONTAINERS_REGISTRIES_CONF: at("registries.conf") };
const place = ["--root", at("root"), "--runroot", at("run"), "--storage-driver", "vfs"];

async function ok(...argv: readonly string[]): Promise<void> {
  const { status, stderr } = await dray(argv, { env });
  expect({ argv, status, stderr }).toEqual({ argv, status: 0, stderr: "" });
}

describeWithPeers("a list pushed to a registry that is not trusted", ["docker-registry", "openssl"], () => {
  let pushedTo: TestRegistry;
  let other: TestRegistry;
  beforeAll(async () => {
    const { server } = await testCertificates();
    [pushedTo, other] = await Promise.all([startRegistry({ tls: server }), startRegistry({ tls: server })]);
    writeFileSync(at("registries.conf"), "");
    writeFileSync(at("note"), "note");
    writeTarFile(at("files.tar"), "file", "1");
    const stored = `containers-storage:[vfs@${at("root")}+${at("run")}]localhost/image:1`;
    await ok("copy", "-q", `tarball:${at("files.tar")}`, stored);
    const elsewhere = `docker://${other.host}/image:1`;
    await ok("copy", "-q", "--dest-tls-verify=false", `tarball:${at("files.tar")}`, elsewhere);
    await ok("manifest", "create", ...place, "of-store", "image:1");
    await ok("manifest", "create", ...place, "empty");
    await ok("manifest", "create", ...place, "artifact");
    await ok("manifest", "add", ...place, "--artifact", "artifact", at("note"));
    await ok("manifest", "create", ...place, "--tls-verify=false", "of-registry", elsewhere);
  }, 60_000);
  afterAll(() => Promise.all([pushedTo.stop(), other.stop()]));

  async function refusal(list: string, ...flags: readonly string[]): Promise<string> {
    const to = `docker://${pushedTo.host}/list:1`;
    const { status, stderr } = await dray(["manifest", "push", "-q", ...place, ...flags, list, to], { env });
    expect(status).toBe(1);
    return stderr.slice(0, stderr.indexOf(": its certificate"));
  }

  it.each([["of-store"], ["empty"], ["artifact"]])(
    "%s: the destination is said to be at fault",
    async (list) => {
      const sentence = `dray: destination: no TLS connection to ${pushedTo.host}`;
      expect(await refusal(list)).toBe(sentence);
      expect(await refusal(list, "--all=false")).toBe(sentence);
      expect(await refusal(list, "--add-compression", "zstd")).toBe(sentence);
    },
  );

  it("whose image is in another one: the source is, by its place", async () => {
    expect(await refusal("of-registry")).toBe(
      `dray: source: docker://${other.host}/image:1: no TLS connection to ${other.host}`,
    );
    expect(await refusal("of-registry", "--all=false")).toBe(
      `dray: destination: no TLS connection to ${pushedTo.host}`,
    );
  });
});
