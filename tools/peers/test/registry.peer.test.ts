import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { bundleForNode } from "../../build/bundle.ts";
import { describeWithPeers, startRegistry, temporaryDirectory } from "../src/index.ts";

const module = path.resolve(import.meta.dirname, "../src/registry.ts");

describeWithPeers("a registry of one's own", ["docker-registry"], () => {
  it("listens once it is started, and is gone with its folder once it is stopped", async () => {
    const registry = await startRegistry();
    expect(registry.url).toBe(`http://${registry.host}`);
    const response = await fetch(`${registry.url}/v2/`);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("{}");
    expect(registry.log()).toContain('"GET /v2/ HTTP/1.1" 200');
    await registry.stop();
    await expect(fetch(`${registry.url}/v2/`)).rejects.toThrow();
    expect(existsSync(registry.folder)).toBe(false);
    expect(isAlive(registry.pid)).toBe(false);
  });

  it("asks for its users", async () => {
    await using registry = await startRegistry({ htpasswd: { alice: "secret", bob: "pässwörd: 100%" } });
    const status = async (login?: string): Promise<number> => {
      const headers: Record<string, string> =
        login === undefined ? {} : { authorization: `Basic ${Buffer.from(login).toString("base64")}` };
      return (await fetch(`${registry.url}/v2/`, { headers })).status;
    };
    expect(await status()).toBe(401);
    expect(await status("alice:wrong")).toBe(401);
    expect(await status("alice:secret")).toBe(200);
    expect(await status("bob:pässwörd: 100%")).toBe(200);
  });

  it("is told by its variables nothing that the test did not say", async () => {
    process.env.REGISTRY_HTTP_ADDR = "127.0.0.1:1";
    try {
      await using registry = await startRegistry();
      expect((await fetch(`${registry.url}/v2/`)).status).toBe(200);
    } finally {
      delete process.env.REGISTRY_HTTP_ADDR;
    }
  });

  it("comes back at its place with what it had", async () => {
    const folder = temporaryDirectory();
    const first = await startRegistry({ folder });
    const started = await fetch(`${first.url}/v2/library/hello/blobs/uploads/`, { method: "POST" });
    const location = started.headers.get("location") ?? "";
    expect(started.status).toBe(202);
    await first.stop();
    await using second = await startRegistry({ folder, port: first.port });
    expect(second.host).toBe(first.host);
    expect((await fetch(location)).status).toBe(204);
  });

  it("what it says is told where it does not start", async () => {
    const tls = { certificate: "/nowhere/cert.pem", key: "/nowhere/key.pem" };
    await expect(startRegistry({ tls })).rejects.toThrow(
      /^docker-registry ended with exit code 1\. It wrote:.*\/nowhere\/cert\.pem/s,
    );
  });

  it("ends with the process that started it, even where that is killed", async () => {
    const folder = temporaryDirectory();
    const script = path.join(folder, "starts.ts");
    const lines = [
      `import { startRegistry } from ${JSON.stringify(module)};`,
      `console.log((await startRegistry({ folder: ${JSON.stringify(folder)} })).pid);`,
      "setInterval(() => {}, 1000);",
    ];
    writeFileSync(script, lines.join("\n"));
    const child = spawn(process.execPath, [await bundleForNode(script, folder)], {
      env: { PATH: process.env.PATH, TMPDIR: folder },
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.stdout.once("data", (chunk: Uint8Array) => resolve(Number(chunk.toString())));
      child.once("close", () => reject(new Error("it ended too early")));
    });
    expect(isAlive(pid)).toBe(true);
    child.kill("SIGKILL");
    while (isAlive(pid)) await sleep(10);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
