import { chmodSync, linkSync, lutimesSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

/** A tree that needs no privileges: names of all kinds, links, modes, times. */
export function writeSampleTree(root: string): void {
  const at = (...parts: string[]): string => join(root, ...parts);
  for (const folder of ["a/b", "empty", "etc", "sp ace", `deep/${Array(4).fill("d".repeat(60)).join("/")}`])
    mkdirSync(at(folder), { recursive: true });
  writeFileSync(at("a/b/file"), "hi\n");
  writeFileSync(at("a.b"), "two\n");
  linkSync(at("a.b"), at("a/hard"));
  linkSync(at("a.b"), at("zhard"));
  symlinkSync("../x/y", at("a/link"));
  symlinkSync("t".repeat(150), at("longlink"));
  writeFileSync(at("etc/umläut"), "x".repeat(1000));
  writeFileSync(Buffer.concat([Buffer.from(`${root}/bad`), Buffer.of(0xff, 0xfe)]), "bad");
  writeFileSync(at("etc", "n".repeat(120)), "long");
  writeFileSync(at("deep", ...Array<string>(4).fill("d".repeat(60)), "f"), "deep");
  writeFileSync(
    at("big"),
    new Uint8Array(700_000).map((_, index) => (index * 7919) >> 8),
  );
  writeFileSync(at("zero"), "");
  writeFileSync(at(".wh.literal"), "");
  utimesSync(at("a.b"), 0, 1_600_000_000);
  lutimesSync(at("a/link"), 0, 1_500_000_000);
  chmodSync(at("a/b/file"), 0o4755);
  chmodSync(at("empty"), 0o1777);
  chmodSync(at("etc"), 0o2750);
}

/** A socket of this process; gone once it is disposed of. */
export async function listenAt(path: string): Promise<AsyncDisposable> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return { [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}
