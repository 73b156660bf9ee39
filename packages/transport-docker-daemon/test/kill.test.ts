import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import path from "node:path";
import { temporaryDirectory } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { bundleForNode } from "../../../tools/build/bundle.ts";
import { deferred } from "../src/deferred.ts";
import { dockerDaemon } from "../src/index.ts";
import { bodyOf, fakeDaemon } from "./support/fake-daemon.ts";

const bundled = bundleForNode(path.join(import.meta.dirname, "kill-worker.ts"), temporaryDirectory());

async function killOnceAsked(
  host: string,
  { how, temporaryDir, asked }: { how: string; temporaryDir: string; asked: Promise<void> },
): Promise<void> {
  const child = spawn(process.execPath, [await bundled, host, temporaryDir, how], { stdio: "inherit" });
  const exit = once(child, "exit");
  await asked;
  child.kill("SIGKILL");
  await exit;
}

it("a process that is killed while it reads leaves a file that the next one deletes", async () => {
  const asked = deferred<void>();
  const temporaryDir = temporaryDirectory();
  const { host } = await fakeDaemon({
    answer(_, response) {
      const looking = setInterval(() => {
        // The file is there before the first bytes are written to it.
        if (readdirSync(temporaryDir).length === 0) response.write(Buffer.alloc(100_000));
        else asked.resolve();
      }, 10);
      response.on("close", () => clearInterval(looking));
    },
  });
  await killOnceAsked(host, { how: "read", temporaryDir, asked: asked.promise });
  expect(readdirSync(temporaryDir)).toHaveLength(1);

  const next = await fakeDaemon({ answer: (_, response) => void response.end("no archive") });
  const transport = dockerDaemon({ env: { DOCKER_HOST: next.host } });
  await expect(transport.openSource(transport.parse("busybox:1"), { temporaryDir })).rejects.toMatchObject({
    code: "ERR_DRAYAGE_ARCHIVE_INVALID",
  });
  expect(readdirSync(temporaryDir)).toEqual([]);
});

it("a process that is killed while it writes sends no whole archive", async () => {
  const asked = deferred<void>();
  const ended = deferred<unknown>();
  const { host } = await fakeDaemon({
    async answer(request) {
      request.once("data", () => asked.resolve());
      await bodyOf(request).then(ended.resolve, ended.resolve);
    },
  });
  const temporaryDir = temporaryDirectory();
  await killOnceAsked(host, { how: "write", temporaryDir, asked: asked.promise });
  expect(await ended.promise).toMatchObject({ code: "ECONNRESET" });
});
