import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describeWithPeers, startRegistry, type TestRegistry } from "@drayage-internal/peers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Builder, type BuilderStore, baseImage, builderStore } from "../src/builder-store.ts";
import { unmountBelow } from "../src/shared-store.ts";

/** Every way to say when `from` asks the registry. */
const policies: readonly (readonly string[])[] = [
  [],
  ["--pull"],
  ["--pull=true"],
  ["--pull=TRUE"],
  ["--pull=false"],
  ["--pull=missing"],
  ["--pull=nonsense"],
  ["--pull=always"],
  ["--pull=Never"],
  ["--pull-always"],
  ["--pull-never"],
];

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  /** Which of both images the container is made of; undefined where there is no container. */
  readonly image: string | undefined;
  readonly errors: string;
}

describeWithPeers(
  "when an image is pulled",
  ["buildah", "docker-registry", "skopeo", "containers-storage", "root"],
  () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
    let store: BuilderStore;
    let registry: TestRegistry;
    let older: string;
    const ids = new Map<string, string>();
    afterAll(() => {
      unmountBelow(folder);
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    });

    beforeAll(async () => {
      store = await builderStore("vfs", folder);
      registry = await startRegistry();
      older = `dir:${folder}/older`;
      const done = async (...args: readonly string[]): Promise<string> => {
        const { code, stdout, stderr } = await store.by("buildah", args);
        expect({ code, stderr: code === 0 ? "" : stderr }, args.join(" ")).toEqual({ code: 0, stderr: "" });
        return stdout.trim();
      };
      const skopeo = (from: string, to: string) =>
        store.shared.skopeo(["copy", "--quiet", "--dest-tls-verify=false", from, to]);
      ids.set(await done("images", "--quiet", "--no-trunc", baseImage), "older");
      await skopeo(store.shared.reference(baseImage), older);
      await done("from", "--name", "newer", baseImage);
      await done("config", "--label", "newer=yes", "newer");
      const id = await done("commit", "--quiet", "--timestamp", "0", "--rm", "newer", "newer:1");
      ids.set(`sha256:${id}`, "newer");
      await skopeo(store.shared.reference("localhost/newer:1"), `docker://${registry.host}/app:1`);
    }, 60_000);
    afterAll(async () => registry[Symbol.asyncDispose]());

    async function outcome(
      builder: Builder,
      args: readonly string[],
      name: string,
      isThere: boolean,
    ): Promise<Outcome> {
      await store.by("buildah", ["rm", "--all"]);
      await store.by("buildah", ["rmi", "--force", "--all"]);
      if (isThere) await store.shared.skopeo(["copy", "--quiet", older, store.shared.reference(name)]);
      const { code, stdout, stderr } = await store.by(builder, [
        "from",
        "--quiet",
        "--tls-verify=false",
        ...args,
        name,
      ]);
      const { stdout: id } = await store.by("buildah", [
        "inspect",
        "--format",
        "{{.FromImageID}}",
        stdout.trim(),
      ]);
      const errors = stderr
        .split("\n")
        .filter((line) => line.startsWith("Error: "))
        .join("\n");
      return { code, stdout, image: ids.get(`sha256:${id}`), errors };
    }

    describe.each(policies.map((policy) => [policy.join(" ") || "nothing", policy] as const))(
      "%s",
      (_, policy) => {
        it("makes a container of the same image as with buildah, whichever the store has", async () => {
          for (const isThere of [true, false]) {
            const name = `${registry.host}/app:1`;
            const theirs = await outcome("buildah", policy, name, isThere);
            const ours = await outcome("dray", policy, name, isThere);
            expect({ isThere, ...ours }).toEqual({ isThere, ...theirs });
          }
        }, 60_000);

        it("ends as buildah does where the registry has no such image", async () => {
          const name = `${registry.host}/app:gone`;
          const { errors: _theirs, ...theirs } = await outcome("buildah", policy, name, true);
          const { errors: _ours, ...ours } = await outcome("dray", policy, name, true);
          expect(ours).toEqual(theirs);
        }, 60_000);
      },
    );
  },
);
