import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describeWithPeers } from "@drayage-internal/peers";
import { type RunResult, run } from "@drayage-internal/peers/run";
import { afterAll, expect, it } from "vitest";
import { type BuilderStore, builderStore } from "../src/builder-store.ts";
import { unmountBelow } from "../src/shared-store.ts";
import { shellScripts } from "../src/shell-scripts.ts";

describeWithPeers(
  "shell scripts, run with buildah and with a link of that name",
  ["buildah", "skopeo", "containers-storage", "root"],
  ({ buildah }) => {
    const folders: string[] = [];
    afterAll(() => {
      for (const folder of folders) {
        unmountBelow(folder);
        rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
      }
    });

    async function newStore(): Promise<BuilderStore> {
      const folder = mkdtempSync(path.join(os.tmpdir(), "drayage-"));
      folders.push(folder);
      return builderStore("overlay", folder);
    }

    /** Runs a script in which `buildah` is what stands first in a folder. */
    function runScript(store: BuilderStore, text: string, bin: string): Promise<RunResult> {
      const { root, run: runRoot, env } = store.shared;
      const configuration = path.join(store.folder, "storage.conf");
      writeFileSync(
        configuration,
        `[storage]\ndriver = "overlay"\ngraphroot = ${JSON.stringify(root)}\nrunroot = ${JSON.stringify(runRoot)}\n`,
      );
      return run("sh", ["-c", text], {
        cwd: path.join(store.folder, "context"),
        mayFail: true,
        env: {
          ...env,
          CONTAINERS_STORAGE_CONF: configuration,
          PATH: `${bin}:${path.dirname(process.execPath)}:${process.env.PATH ?? ""}`,
        },
      });
    }

    /** Text in which IDs of containers, which differ each time, are numbered. */
    function numbered(text: string): string {
      const seen = new Map<string, number>();
      return text.replace(/\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b/g, (id) => {
        const short = id.slice(0, 12);
        if (!seen.has(short)) seen.set(short, seen.size);
        return `<${id.length} ${seen.get(short)}>`;
      });
    }

    async function madeIn(
      store: BuilderStore,
      {
        images,
        places = [],
        isDocker,
      }: Pick<(typeof shellScripts)[number], "images" | "places" | "isDocker">,
    ): Promise<readonly unknown[]> {
      const made: unknown[] = [];
      for (const name of images) {
        const { config, ...image } = await store.image(name);
        made.push(isDocker ? numbered(JSON.stringify(config)) : { config, ...image });
      }
      for (const place of places) {
        const { stdout } = await store.shared.skopeo(["inspect", "--raw", place], {
          cwd: path.join(store.folder, "context"),
        });
        made.push(stdout);
      }
      return made;
    }

    it.each(shellScripts.map((script) => [script.name, script] as const))(
      "%s",
      async (_, script) => {
        const [theirs, ours] = [await newStore(), await newStore()];
        const their = await runScript(theirs, script.text, path.dirname(buildah));
        const our = await runScript(ours, script.text, path.join(ours.folder, "bin"));
        expect({ code: their.code, stderr: their.stderr }).toMatchObject({ code: script.code ?? 0 });
        expect({ code: our.code, stdout: numbered(our.stdout) }, our.stderr).toEqual({
          code: their.code,
          stdout: numbered(their.stdout),
        });
        expect(await madeIn(ours, script)).toEqual(await madeIn(theirs, script));
      },
      120_000,
    );
  },
);
