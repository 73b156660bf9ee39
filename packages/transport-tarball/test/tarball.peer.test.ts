import { execFileSync } from "node:child_process";
import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { describeWithPeers, skopeo, temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { openSource, readConfig, tar } from "./fixtures.ts";

describeWithPeers("the image of tarballs is the one that skopeo makes", ["skopeo"], () => {
  const folder = temporaryDirectory();
  const file = (name: string): string => path.join(folder, name);
  const plain = tar([{ name: "a.txt", data: "hello" }]);
  writeFileSync(file("plain.tar"), plain);
  writeFileSync(file("packed.tar.gz"), gzipSync(tar([{ name: "b.txt", data: "world" }])));
  writeFileSync(
    file("twice.tar.gz"),
    Buffer.concat([gzipSync(plain.subarray(0, 700)), gzipSync(plain.subarray(700))]),
  );
  writeFileSync(file("empty"), "");
  execFileSync("touch", ["-d", "2024-01-02T03:04:05.120456000Z", file("plain.tar")]);
  utimesSync(file("packed.tar.gz"), 1_000_000_000, 1_000_000_000);
  execFileSync("touch", ["-d", "1969-12-31T23:59:58.5Z", file("empty")]);

  const cases = [
    ["plain.tar"],
    ["packed.tar.gz"],
    ["twice.tar.gz"],
    ["empty"],
    ["packed.tar.gz", "plain.tar"],
    ["plain.tar", "plain.tar", "empty"],
  ];
  it.each(cases.map((names) => ({ names: names.join(" ") })))("$names", async ({ names }) => {
    const text = names.split(" ").map(file).join(":");
    const options = { env: { TZ: "UTC" } };
    const manifest = await skopeo(["inspect", "--raw", `tarball:${text}`], options);
    const config = await skopeo(["inspect", "--raw", "--config", `tarball:${text}`], options);
    await using source = await openSource(text);
    const ours = await source.manifest();
    expect(Buffer.from(ours.bytes).toString()).toBe(manifest.stdout);
    expect(await readConfig(source)).toBe(config.stdout);
  });

  it("skopeo copies the manifest that this one gives", async () => {
    const text = ["plain.tar", "packed.tar.gz"].map(file).join(":");
    await skopeo(["copy", `tarball:${text}`, `dir:${file("copy")}`], { env: { TZ: "UTC" } });
    await using source = await openSource(text);
    const { bytes } = await source.manifest();
    expect(Buffer.from(bytes).toString()).toBe(readFileSync(file("copy/manifest.json"), "utf8"));
  });
});
