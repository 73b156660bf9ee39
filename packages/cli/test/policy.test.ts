import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readTrustPolicy } from "../src/policy.ts";
import { dray, testFolder, writeTarFile } from "./run-dray.ts";

const folder = testFolder();
const at = (name: string): string => join(folder, name);

const accept = [{ type: "insecureAcceptAnything" }];
const reject = [{ type: "reject" }];
const signed = [{ type: "signedBy", keyType: "GPGKeys", keyPath: "/nonexistent" }];

/** Writes a policy, and gives its path. */
function policy(name: string, document: unknown): string {
  writeFileSync(at(name), typeof document === "string" ? document : JSON.stringify(document));
  return at(name);
}

let copies = 0;

/** Copies an image under a policy, and tells whether something was written. */
async function copyUnder(
  file: string,
  source: string,
  {
    flags = [],
    ...options
  }: { flags?: readonly string[]; calledAs?: string; env?: Record<string, string> } = {},
): Promise<{ status: number; stderr: string; written: boolean }> {
  copies += 1;
  const destination = at(`copy-${copies}`);
  const { status, stderr } = await dray(
    ["--policy", file, ...flags, "copy", "--quiet", source, `dir:${destination}`],
    options,
  );
  return {
    status,
    stderr: stderr.replaceAll(folder, ""),
    written: existsSync(join(destination, "manifest.json")),
  };
}

beforeAll(async () => {
  writeTarFile(at("layer.tar"), "hello.txt", "hello");
  mkdirSync(at("images"));
  for (const place of [`oci-dir:${at("images/layout")}:app`, `dir:${at("images/plain")}`]) {
    expect((await dray(["copy", "--insecure-policy", `tarball:${at("layer.tar")}`, place])).status).toBe(0);
  }
  symlinkSync(at("images"), at("link"));
});

describe("dray copy and the trust policy", () => {
  it("copies what is accepted", async () => {
    const file = policy("some.json", {
      default: reject,
      transports: { oci: { [at("images")]: accept }, dir: { "": accept }, tarball: { "": accept } },
    });
    for (const source of [
      `oci-dir:${at("images/layout")}:app`,
      `oci:${at("link/layout")}`,
      `dir:${at("images/plain")}`,
      `tarball:${at("layer.tar")}`,
    ]) {
      expect(await copyUnder(file, source)).toEqual({ status: 0, stderr: "", written: true });
    }
  });

  it("refuses what is rejected, says by what, and writes nothing", async () => {
    const file = policy("reject.json", { default: accept, transports: { dir: { [at("images")]: reject } } });
    const source = `dir:${at("link/plain")}`;
    expect(await copyUnder(file, source)).toEqual({
      status: 1,
      stderr:
        'dray: source: Running image dir:/link/plain is rejected by policy: the scope "/images" of dir in "/reject.json" rejects it; see containers-policy.json(5); --policy names another policy\n',
      written: false,
    });
    expect(await copyUnder(file, source, { flags: ["--insecure-policy"] })).toMatchObject({ written: true });
  });

  it("refuses what needs a signature, and says that signatures cannot be verified yet", async () => {
    const file = policy("signed.json", {
      default: accept,
      transports: { dir: { "": [...accept, ...signed] } },
    });
    const { status, stderr, written } = await copyUnder(file, `dir:${at("images/plain")}`);
    expect({ status, written }).toEqual({ status: 1, written: false });
    expect(stderr).toContain(
      'the default of dir in "/signed.json" asks for a signature (signedBy), and signatures cannot be verified yet',
    );
  });

  it("refuses a malformed or missing policy before anything is opened", async () => {
    const malformed = policy("malformed.json", '{\n"default": []}');
    expect(await copyUnder(malformed, "dir:/nonexistent")).toEqual({
      status: 1,
      stderr:
        'dray: "/malformed.json", line 2: a list of requirements must not be empty; to accept every image write [{"type": "insecureAcceptAnything"}]\n',
      written: false,
    });
    const missing = await copyUnder(at("missing.json"), "dir:/nonexistent");
    expect(missing.status).toBe(1);
    expect(missing.stderr).toContain("/missing.json");
  });

  it("holds for a dry run, too, and does not for inspect", async () => {
    const file = policy("none.json", { default: reject });
    const source = `dir:${at("images/plain")}`;
    const { status, stdout } = await dray([
      "--policy",
      file,
      "copy",
      "--dry-run",
      source,
      `dir:${at("dry")}`,
    ]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect((await dray(["--policy", file, "inspect", source])).status).toBe(0);
  });

  it("finds the user's policy, and the one that the environment names", async () => {
    mkdirSync(at("home/.config/containers"), { recursive: true });
    policy("home/.config/containers/policy.json", { default: reject });
    const copy = ["copy", "--quiet", `dir:${at("images/plain")}`, `dir:${at("by-user")}`];
    const { status, stderr } = await dray(copy, { env: { HOME: at("home") } });
    expect(status).toBe(1);
    expect(stderr).toContain("/home/.config/containers/policy.json");
    const env = { HOME: at("home"), CONTAINERS_POLICY_JSON: policy("named.json", { default: accept }) };
    expect((await dray(copy, { env })).status).toBe(0);
  });

  it("with --require-signed refuses what no signature is asked of", async () => {
    const file = policy("accept.json", { default: accept });
    const { status, stderr } = await copyUnder(file, `dir:${at("images/plain")}`, {
      flags: ["--require-signed"],
    });
    expect(status).toBe(1);
    expect(stderr).toContain("signatures are required (--require-signed), and the default in");
    const both = await copyUnder(file, "dir:x", { flags: ["--require-signed", "--insecure-policy"] });
    expect(both).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("--insecure-policy and --require-signed are mutually exclusive"),
    });
  });
});

describe("called as skopeo", () => {
  it("says what skopeo says", async () => {
    const file = policy("skopeo.json", { default: reject });
    const source = `dir:${at("images/plain")}`;
    const rejected = await copyUnder(file, source, { calledAs: "skopeo" });
    expect(rejected.stderr).toMatch(
      /level=fatal msg=".*Source image rejected: Running image dir:\/images\/plain is rejected by policy/,
    );
    const malformed = await copyUnder(policy("bad.json", "{}"), source, { calledAs: "skopeo" });
    expect(malformed.stderr).toMatch(/level=fatal msg="Error loading trust policy: .*bad\.json/);
  });

  it("needs a policy; dray does not", async () => {
    const nowhere = { machineFolders: [at("nowhere")] };
    const env = { HOME: at("nobody") };
    await expect(readTrustPolicy({ env, personality: "skopeo" }, {}, nowhere)).rejects.toMatchObject({
      message: "Error loading trust policy: open /etc/containers/policy.json: no such file or directory",
    });
    for (const [personality, flags] of [
      ["dray", {}],
      ["skopeo", { insecurePolicy: true }],
    ] as const) {
      const trust = await readTrustPolicy({ env, personality }, flags, nowhere);
      expect(trust).toBeTypeOf("function");
    }
  });
});
