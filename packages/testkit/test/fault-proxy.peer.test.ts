import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import path from "node:path";
import { describeWithPeers, startRegistry, testCertificates } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import { createFaultProxy, createRandom } from "../src/index.ts";
import { rawRequest } from "./support/raw-request.ts";

describeWithPeers("a proxy before docker-registry", ["docker-registry", "openssl"], () => {
  const thing = createRandom("thing").bytes(3_000_000);
  const digest = `sha256:${createHash("sha256").update(thing).digest("hex")}`;

  for (const ownTls of [false, true]) {
    for (const targetTls of [false, true]) {
      const name = `${ownTls ? "HTTPS" : "HTTP"} before ${targetTls ? "HTTPS" : "HTTP"}`;
      it(`${name}: uploads go on at the proxy, and are counted`, async () => {
        const { server, authority } = await testCertificates();
        const ca = readFileSync(authority.certificate, "utf8");
        const tls = { cert: readFileSync(server.certificate, "utf8"), key: readFileSync(server.key, "utf8") };
        await using registry = await startRegistry({ tls: targetTls ? server : undefined });
        await using proxy = await createFaultProxy({
          target: registry.url,
          authority: ca,
          tls: ownTls ? tls : undefined,
        });
        const agent = ownTls ? new https.Agent({ ca, keepAlive: true }) : new http.Agent({ keepAlive: true });
        const started = await rawRequest(`${proxy.url}/v2/hello/blobs/uploads/`, { method: "POST", agent });
        const first = started.headers.location ?? "";
        expect(started.status).toBe(202);
        expect(first.startsWith(`${proxy.url}/v2/hello/blobs/uploads/`)).toBe(true);
        const patched = await rawRequest(first, { method: "PATCH", agent, body: thing });
        const next = patched.headers.location ?? "";
        const put = await rawRequest(`${next}&digest=${digest}`, { method: "PUT", agent });
        expect(put.status).toBe(201);

        proxy.rule({ method: "GET", times: 1 }, { cutResponse: { after: 1_000_000, ending: "end" } });
        proxy.rule({ method: "GET", times: 1 }, { cutResponse: { after: 1_000_000, ending: "reset" } });
        const blob = `${proxy.url}/v2/hello/blobs/${digest}`;
        const cut = await rawRequest(blob, { agent });
        expect(cut.failure).toBe("ECONNRESET");
        expect(Buffer.compare(cut.body, thing.subarray(0, 1_000_000))).toBe(0);
        expect((await rawRequest(blob, { agent })).failure).toBe("ECONNRESET");
        const seen = await rawRequest(blob, { agent, headers: { range: "bytes=1000000-" } });
        expect(seen.status).toBe(206);
        expect(Buffer.compare(seen.body, thing.subarray(1_000_000))).toBe(0);
        expect(proxy.blobBytes()).toEqual({ pushed: 3_000_000, pulled: 4_000_000 });
        agent.destroy();
      });
    }
  }

  it("an upload that is cut: the registry has these bytes, and does not go on from there", async () => {
    await using registry = await startRegistry();
    await using proxy = await createFaultProxy({ target: registry.url });
    const started = await rawRequest(`${proxy.url}/v2/hello/blobs/uploads/`, { method: "POST" });
    const location = started.headers.location ?? "";
    proxy.rule({ method: "PATCH", times: 1 }, { cutRequest: { after: 1_234_567 } });
    expect((await rawRequest(location, { method: "PATCH", body: thing })).status).toBe(undefined);
    const uploads = path.join(registry.folder, "docker/registry/v2/repositories/hello/_uploads");
    const data = path.join(uploads, started.headers["docker-upload-uuid"] as string, "data");
    await expect.poll(() => statSync(data, { throwIfNoEntry: false })?.size).toBe(1_234_567);
    // Its addresses say in `_state`, signed, how much there has to be.
    expect((await rawRequest(location)).status).toBe(404);
    expect((await rawRequest(location.replace(/\?.*/, ""))).status).toBe(404);
    expect(registry.log()).toContain("upload resumed at wrong offest: 1234567 != 0");
  });

  it("an upload of which a part is dropped goes on from the part before", async () => {
    await using registry = await startRegistry();
    await using proxy = await createFaultProxy({ target: registry.url });
    const started = await rawRequest(`${proxy.url}/v2/hello/blobs/uploads/`, { method: "POST" });
    const first = await rawRequest(started.headers.location ?? "", {
      method: "PATCH",
      body: thing.subarray(0, 1_000_000),
    });
    const second = first.headers.location ?? "";
    proxy.rule({ method: "PATCH", times: 1 }, { dropRequest: { after: 500_000 } });
    const rest = { method: "PATCH", body: thing.subarray(1_000_000) } as const;
    expect((await rawRequest(second, rest)).failure).toMatch(/^(?:ECONNRESET|EPIPE)$/);
    expect((await rawRequest(second)).headers.range).toBe("0-999999");
    const third = (await rawRequest(second, rest)).headers.location ?? "";
    expect((await rawRequest(`${third}&digest=${digest}`, { method: "PUT" })).status).toBe(201);
    expect(proxy.blobBytes().pushed).toBe(3_500_000);
  });
});
