import { execFile } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { createRegistry, type ImageSource } from "@drayage/transport";
import { dir } from "@drayage/transport-dir";
import { dockerArchive } from "@drayage/transport-docker-archive";
import { ociArchive } from "@drayage/transport-oci-archive";
import { ociDir } from "@drayage/transport-oci-dir";
import { tarball } from "@drayage/transport-tarball";
import { expect } from "vitest";
import { copy } from "../../src/index.ts";
import { expectSameImage, readArchive, readTree, type Tree } from "./trees.ts";

const run = promisify(execFile);
const registry = createRegistry([dir(), ociDir(), ociArchive(), dockerArchive(), tarball()]);

export type Kind = "dir" | "oci-dir" | "oci-archive" | "docker-archive";
export const kinds: readonly Kind[] = ["dir", "oci-dir", "oci-archive", "docker-archive"];

/** Copies with skopeo and with ours, and compares. */
export interface Matrix {
  /** A path that is not used yet. */
  place(): string;
  textOf(kind: Kind, at: string): string;
  openSource(text: string): Promise<ImageSource>;
  skopeoCopy(from: string, to: string, all: boolean): Promise<void>;
  ourCopy(from: string, to: string, all: boolean, compat?: "go"): Promise<void>;
  /** Copies with both. Returns how many layers were compressed, which another encoder did otherwise. */
  compare(from: string, to: Kind, all: boolean): Promise<number>;
  remove(): void;
}

export function createMatrix(skopeo: string): Matrix {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "drayage-"));
  let made = 0;
  const treeOf = (kind: Kind, at: string): Tree =>
    kind === "dir" || kind === "oci-dir" ? readTree(at) : readArchive(at, scratch);
  const forSkopeo = (text: string): string => text.replace(/^oci-dir:/, "oci:");

  const matrix: Matrix = {
    place() {
      made += 1;
      return path.join(scratch, String(made));
    },
    textOf: (kind, at) =>
      kind === "dir"
        ? `dir:${at}`
        : kind === "docker-archive"
          ? `${kind}:${at}:example.com/it:1`
          : `${kind}:${at}:it`,
    async openSource(text) {
      const { transport, reference } = await registry.resolve(text);
      if (transport.openSource === undefined) throw new Error(`${text} cannot be read`);
      return transport.openSource(reference);
    },
    async skopeoCopy(from, to, all) {
      const flags = ["--insecure-policy", "--override-os", "linux", "--override-arch", "amd64", "copy", "-q"];
      await run(skopeo, [...flags, ...(all ? ["--all"] : []), forSkopeo(from), forSkopeo(to)]);
    },
    async ourCopy(from, to, all, compat) {
      await copy(await registry.resolve(from), await registry.resolve(to), {
        compat,
        platforms: all ? "all" : { os: "linux", architecture: "amd64" },
      });
    },
    async compare(from, to, all) {
      const [theirs, ours] = [matrix.place(), matrix.place()];
      await matrix.skopeoCopy(from, matrix.textOf(to, theirs), all);
      await matrix.ourCopy(from, matrix.textOf(to, ours), all, "go");
      if (to !== "docker-archive") {
        const root = to === "dir" ? "manifest.json" : "index.json";
        return expectSameImage(treeOf(to, ours), treeOf(to, theirs), root);
      }
      // Nothing in such an archive says how its image was converted: by default its bytes are the same, too.
      const byDefault = matrix.place();
      await matrix.ourCopy(from, matrix.textOf(to, byDefault), all);
      for (const archive of [ours, byDefault]) {
        expect(fs.readFileSync(archive).equals(fs.readFileSync(theirs)), "the archives' bytes").toBe(true);
      }
      return 0;
    },
    remove: () => fs.rmSync(scratch, { recursive: true, force: true }),
  };
  return matrix;
}
