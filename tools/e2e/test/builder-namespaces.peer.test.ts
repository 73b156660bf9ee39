import { mkdtempSync, readlinkSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describeWithPeers } from "@drayage-internal/peers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Builder, type BuilderStore, baseImage, builderStore } from "../src/builder-store.ts";
import { type HeldNamespaces, heldNamespaces } from "../src/held-namespaces.ts";
import { unmountBelow } from "../src/shared-store.ts";

const builders = ["buildah", "dray"] as const;
const kinds = ["cgroup", "ipc", "net", "uts"] as const;
type Kind = (typeof kinds)[number];
const flagOf = { cgroup: "--cgroupns", ipc: "--ipc", net: "--network", uts: "--uts" } as const;

describeWithPeers(
  "namespaces that commands are in",
  ["buildah", "runc", "skopeo", "containers-storage", "root"],
  () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
    let store: BuilderStore;
    let held: HeldNamespaces;

    beforeAll(async () => {
      [store, held] = await Promise.all([builderStore("overlay", folder), heldNamespaces()]);
      await done("buildah", ["from", "--name", "any", baseImage]);
      await done("buildah", ["copy", "--quiet", "any", "/usr/bin/readlink", "/bin/readlink"]);
      await done("buildah", ["commit", "--quiet", "any", "looking"]);
    }, 60_000);
    afterAll(async () => {
      await held[Symbol.asyncDispose]();
      unmountBelow(folder);
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    });

    async function done(builder: Builder, args: readonly string[]): Promise<string> {
      const { code, stdout, stderr } = await store.by(builder, args);
      expect({ code, stderr }, `${builder} ${args.join(" ")}`).toEqual({ code: 0, stderr: "" });
      return stdout;
    }

    const flags = (placeOf: (kind: Kind) => string): readonly string[] =>
      kinds.flatMap((kind) => [flagOf[kind], placeOf(kind)]);

    /** Whose namespaces a command is in, and what it takes for the machine's name. */
    async function whose(builder: Builder, container: string, ...given: readonly string[]) {
      const look = `${kinds.map((kind) => `readlink /proc/self/ns/${kind}`).join("; ")}; echo "[$HOSTNAME]"`;
      const run = ["run", "--isolation", "oci", "--runtime", "runc", ...given, container, "sh", "-c", look];
      const lines = (await done(builder, run)).trim().split("\n");
      const owners = kinds.map((kind, index) => {
        if (lines[index] === readlinkSync(held.path(kind))) return `${kind}: held`;
        return lines[index] === readlinkSync(`/proc/self/ns/${kind}`)
          ? `${kind}: the machine's`
          : `${kind}: own`;
      });
      return [...owners, ...lines.slice(kinds.length)];
    }

    const allHeld = [...kinds.map((kind) => `${kind}: held`), "[]"];
    const allHost = [...kinds.map((kind) => `${kind}: the machine's`), "[]"];

    it("are those that run names by paths, as with buildah", async () => {
      for (const builder of builders) {
        expect(await whose(builder, "any", ...flags((kind) => held.path(kind)))).toEqual(allHeld);
        expect(await whose(builder, "any", ...flags((kind) => `ns:${held.path(kind)}`))).toEqual(allHeld);
      }
    }, 60_000);

    it.each(builders)(
      "are those that from names for all commands, whoever runs them: %s",
      async (maker) => {
        const [joining, sharing] = [`${maker}-joining`, `${maker}-sharing`];
        const theirs = flags((kind) => `ns:${held.path(kind)}`);
        await done(maker, ["from", "--pull-never", "--name", joining, ...theirs, "looking"]);
        await done(maker, ["from", "--pull-never", "--name", sharing, ...flags(() => "host"), "looking"]);
        for (const builder of builders) {
          expect(await whose(builder, joining)).toEqual(allHeld);
          expect(await whose(builder, sharing)).toEqual(allHost);
          // What run says counts more, and all else stays.
          const some = await whose(builder, joining, "--ipc", "host");
          expect(some).toEqual(allHeld.map((line) => line.replace("ipc: held", "ipc: the machine's")));
        }
      },
      60_000,
    );

    it.each([
      ["--ipc", "ns:/nonexistent", "checking ipc namespace: stat /nonexistent: no such file or directory"],
      ["--uts", "nonexistent", "checking uts namespace: stat nonexistent: no such file or directory"],
      [
        "--cgroupns",
        "/nonexistent",
        "checking cgroup namespace: stat /nonexistent: no such file or directory",
      ],
      [
        "--network",
        "/nonexistent",
        "checking network namespace: stat /nonexistent: no such file or directory",
      ],
    ])("that are not there are refused as by buildah: %s %s", async (flag, place, sentence) => {
      for (const builder of builders) {
        const { code, stderr } = await store.by(builder, ["run", flag, place, "any", "sh"]);
        expect({ code, stderr }).toEqual({ code: 125, stderr: `Error: ${sentence}\n` });
      }
    });

    it("are their own where it is processes", async () => {
      for (const place of ["host", "ns:/proc/self/ns/pid"]) {
        const { code, stderr } = await store.by("dray", ["run", "--pid", place, "any", "sh"]);
        expect({ code, stderr }).toEqual({
          code: 125,
          stderr: `Error: --pid ${place}: the processes of a command are always in a namespace of their own, so that all of them end with it\n`,
        });
      }
    });
  },
);
