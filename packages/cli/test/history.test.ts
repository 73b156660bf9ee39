import { join } from "node:path";
import { digestBytes } from "@drayage/digest";
import { mediaTypes } from "@drayage/manifest";
import { randomImage, writeImage } from "@drayage/testkit";
import { ociDir } from "@drayage/transport-oci-dir";
import { beforeAll, describe, expect, it } from "vitest";
import { humanAge, humanSize } from "../src/output/human.ts";
import { dray, testFolder } from "./run-dray.ts";

const folder = testFolder();
const image = `oci-dir:${join(folder, "layout")}:app`;
let id: string;
let size: number;

const steps = [
  { created: "2020-01-02T03:04:05.678Z", created_by: "/bin/sh -c #(nop) ADD file:0123456789abcdef in /" },
  { created: "2020-01-02T03:04:06Z", created_by: "ENV A=1", empty_layer: true, comment: "FROM there" },
];

beforeAll(async () => {
  const sample = await randomImage({ seed: "history", layers: 1 });
  const config = { ...JSON.parse(Buffer.from(sample.config.bytes).toString()), history: steps };
  const bytes = Buffer.from(JSON.stringify(config));
  const descriptor = { ...sample.config.descriptor, digest: digestBytes(bytes), size: bytes.length };
  const document = { ...JSON.parse(Buffer.from(sample.manifest.bytes).toString()), config: descriptor };
  const manifest = Buffer.from(JSON.stringify(document));
  const transport = ociDir();
  await using destination = await transport.openDestination(transport.parse(image.slice("oci-dir:".length)));
  await writeImage(destination, {
    ...sample,
    config: { bytes, descriptor },
    manifest: { bytes: manifest, mediaType: mediaTypes.ociManifest, digest: digestBytes(manifest) },
  });
  id = digestBytes(bytes).slice("sha256:".length);
  size = sample.layers[0]?.bytes.length ?? 0;
});

describe("dray history", () => {
  it("prints podman's table, the last step first, and cuts what is long", async () => {
    const { status, stdout } = await dray(["history", "--human=false", image]);
    expect(status).toBe(0);
    expect(stdout.split("\n")).toEqual([
      "ID            CREATED               CREATED BY                                     SIZE        COMMENT",
      `${id.slice(0, 12)}  2020-01-02T03:04:06Z  ENV A=1                                        0           FROM there`,
      `<missing>     2020-01-02T03:04:05Z  /bin/sh -c #(nop) ADD file:0123456789abcde...  ${`${size}`.padEnd(12)}`,
      "",
    ]);
  });

  it("--no-trunc, --quiet and templates", async () => {
    expect((await dray(["history", "-q", "--no-trunc", image])).stdout).toBe(`${id}\n<missing>\n`);
    expect((await dray(["history", "-q", image])).stdout).toBe(`${id.slice(0, 12)}\n<missing>\n`);
    expect(
      (await dray(["history", "--format", "{{.CreatedBy}}|{{.Comment}}", "--no-trunc", image])).stdout,
    ).toBe("ENV A=1|FROM there\n/bin/sh -c #(nop) ADD file:0123456789abcdef in /|\n");
    expect((await dray(["history", "--format", "table {{.Size}} {{.Comment}}", image])).stdout).toBe(
      `SIZE        COMMENT\n0 B         FROM there\n${humanSize(size).padEnd(12)}\n`,
    );
  });

  it("--format json has podman's fields", async () => {
    expect(JSON.parse((await dray(["history", "--format", "json", image])).stdout)).toEqual([
      {
        id,
        created: "2020-01-02T03:04:06Z",
        CreatedBy: "ENV A=1",
        size: 0,
        comment: "FROM there",
        Created: "2020-01-02T03:04:06Z",
      },
      {
        id: "<missing>",
        created: "2020-01-02T03:04:05.678Z",
        CreatedBy: steps[0]?.created_by,
        size,
        Created: "2020-01-02T03:04:05Z",
      },
    ]);
  });
});

describe("what is printed for a person", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1066, "1.07 kB"],
    [11_776, "11.8 kB"],
    [999_999, "1 MB"],
    [394_000_000, "394 MB"],
  ])("%d bytes are %s", (bytes, text) => {
    expect(humanSize(bytes)).toBe(text);
  });

  it.each([
    [0.2, "Less than a second ago"],
    [1, "1 second ago"],
    [59, "59 seconds ago"],
    [61, "About a minute ago"],
    [3500, "58 minutes ago"],
    [3600, "About an hour ago"],
    [47 * 3600, "47 hours ago"],
    [3 * 86_400, "3 days ago"],
    [21 * 86_400, "3 weeks ago"],
    [90 * 86_400, "3 months ago"],
    [800 * 86_400, "2 years ago"],
  ])("%d seconds are %s", (seconds, text) => {
    expect(humanAge(new Date(0), new Date(seconds * 1000))).toBe(text);
  });
});
