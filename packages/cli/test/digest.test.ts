import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { dray, testFolder, writeTarFile } from "./run-dray.ts";

const folder = testFolder();
const image = `oci-dir:${join(folder, "layout")}:app`;

beforeAll(async () => {
  writeTarFile(join(folder, "layer.tar"), "hello.txt", "hello");
  expect((await dray(["copy", `tarball:${join(folder, "layer.tar")}`, image])).status).toBe(0);
});

describe("dray digest", () => {
  const entry = (): { mediaType: string; digest: string; size: number } => {
    const index = JSON.parse(readFileSync(join(folder, "layout", "index.json"), "utf8")) as {
      manifests: { mediaType: string; digest: string; size: number }[];
    };
    const [first] = index.manifests;
    if (first === undefined) throw new Error("the layout is empty");
    return first;
  };

  it("prints the digest of the manifest alone", async () => {
    expect(await dray(["digest", image])).toMatchObject({
      status: 0,
      stdout: `${entry().digest}\n`,
      stderr: "",
    });
  });

  it("prints media type, digest and size as JSON", async () => {
    const { mediaType, digest, size } = entry();
    expect(JSON.parse((await dray(["digest", "--json", image])).stdout)).toEqual({ mediaType, digest, size });
  });

  it("takes an image that is no index whatever the platform", async () => {
    expect((await dray(["digest", "--platform", "linux/s390x", image])).stdout).toBe(`${entry().digest}\n`);
  });

  it("ends with status 2 where there is no such image", async () => {
    const { status, stdout } = await dray(["digest", `${image}-not`]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  });
});
