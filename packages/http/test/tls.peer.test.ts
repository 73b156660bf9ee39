import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { setImmediate, setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import type { DrayageError } from "@drayage/errors";
import { type CertificateFiles, describeWithPeers, testCertificates } from "@drayage-internal/peers";
import { expect, it } from "vitest";
import type { TlsOptions } from "../src/index.ts";
import { client, failure, text } from "./support/clients.ts";
import { answer, bodyOf, pattern, type Running, serve, serveTls } from "./support/servers.ts";

function identity({ certificate, key }: CertificateFiles): { cert: string; key: string } {
  return { cert: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") };
}

function hello(files: CertificateFiles): Promise<Running> {
  return serveTls(identity(files), (_request, response) => answer(response, 200, {}, "hello"));
}

function errorFields(error: unknown): Pick<DrayageError, "code" | "message" | "hint"> {
  const { code, message, hint } = error as DrayageError;
  return { code, message, hint };
}

async function trusted(): Promise<TlsOptions> {
  const { authority } = await testCertificates();
  return { ca: [readFileSync(authority.certificate, "utf8")] };
}

describeWithPeers("TLS", ["openssl"], () => {
  it("a further authority is trusted, and the system's by SSL_CERT_FILE", async () => {
    const { server: files, authority } = await testCertificates();
    await using server = await hello(files);
    const byOption = client({ tls: await trusted() });
    expect(await text(await byOption.request({ method: "GET", url: server.url }))).toBe("hello");
    const bySystem = client({ env: { SSL_CERT_FILE: authority.certificate } });
    expect(await text(await bySystem.request({ method: "GET", url: server.url }))).toBe("hello");
    const withComments = client({
      tls: { ca: [`one\r\n${(await trusted()).ca?.[0]?.replaceAll("\n", "\r\n")}\r\nend`] },
    });
    expect(await text(await withComments.request({ method: "GET", url: server.url }))).toBe("hello");
  });

  it("Node's own authorities stay trusted beside one that is added", async () => {
    const { server: files, authority, selfSigned } = await testCertificates();
    await using server = await hello(files);
    // NODE_EXTRA_CA_CERTS is read when Node starts.
    const program = `
      import { createHttpClient } from ${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)};
      const http = createHttpClient({ env: {}, tls: { ca: [process.env.OTHER] } });
      const response = await http.request({ method: "GET", url: ${JSON.stringify(server.url)} });
      console.log(Buffer.from(await response.bytes(100)).toString());
      http.close();
    `;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--conditions=@drayage/source", "--import", "tsx", "--input-type=module", "--eval", program],
      {
        cwd: import.meta.dirname,
        env: {
          ...process.env,
          NODE_EXTRA_CA_CERTS: authority.certificate,
          OTHER: readFileSync(selfSigned.certificate, "utf8"),
        },
      },
    );
    expect(stdout).toBe("hello\n");
  });

  const cases: readonly [name: "expired" | "otherHost" | "selfSigned", message: RegExp, hint: RegExp][] = [
    ["expired", /its certificate has expired \(CERT_HAS_EXPIRED\)$/, /renew/],
    ["otherHost", /its certificate is for another host \(ERR_TLS_CERT_ALTNAME_INVALID\)$/, /name/],
    [
      "selfSigned",
      /its certificate is signed by itself \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/,
      /--tls-verify=false/,
    ],
  ];
  for (const [name, message, hint] of cases) {
    it(`a certificate that is not right (${name}) is ERR_DRAYAGE_TLS, and taken only if nothing is verified`, async () => {
      const files = (await testCertificates())[name];
      await using server = await hello(files);
      const error = await failure(
        client({ tls: await trusted() }).request({ method: "GET", url: server.url }),
      );
      expect(error).toMatchObject({ code: "ERR_DRAYAGE_TLS", retryable: false });
      expect((error as { message: string }).message).toMatch(message);
      expect((error as { message: string }).message).toContain(`127.0.0.1:${server.port}`);
      expect((error as { hint: string }).hint).toMatch(hint);
      const careless = client({ tls: { verify: false } });
      expect(await text(await careless.request({ method: "GET", url: server.url }))).toBe("hello");
    });
  }

  it("a borrowed body is what it would be otherwise, however slow its reader, and its errors are the same", async () => {
    const { server: files } = await testCertificates();
    const wanted = pattern(5_000_003);
    await using server = await serveTls(identity(files), (_request, response) => void response.end(wanted));
    const http = client({ tls: await trusted() });
    for (const pause of [() => Promise.resolve(), () => setImmediate(), () => setTimeout(2)]) {
      const { body } = await http.request({ method: "GET", url: server.url, borrow: true });
      const got: Uint8Array[] = [];
      for await (const chunk of body) {
        await pause();
        got.push(chunk.slice());
      }
      expect(Buffer.concat(got).equals(wanted)).toBe(true);
    }
    await using careless = await hello((await testCertificates()).selfSigned);
    const ask = (url: string, borrow: boolean) => failure(client().request({ method: "GET", url, borrow }));
    for (const url of [server.url, careless.url, "https://127.0.0.1:1/"]) {
      expect(errorFields(await ask(url, true))).toEqual(errorFields(await ask(url, false)));
    }
    const trusting = client({ tls: { verify: false } });
    expect(await text(await trusting.request({ method: "GET", url: careless.url, borrow: true }))).toBe(
      "hello",
    );
  });

  it("an authority that is not known is ERR_DRAYAGE_TLS", async () => {
    const { server: files } = await testCertificates();
    await using server = await hello(files);
    const error = await failure(client().request({ method: "GET", url: server.url }));
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_TLS" });
    expect(String(error)).toContain("its certificate is of an authority that is not known");
  });

  it("a server that speaks plain HTTP is ERR_DRAYAGE_TLS with a hint", async () => {
    await using server = await serve((_request, response) => answer(response, 200));
    const error = await failure(
      client().request({ method: "GET", url: `https://127.0.0.1:${server.port}/` }),
    );
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_TLS", retryable: false });
    expect(String(error)).toContain("it does not speak TLS");
    expect((error as { hint: string }).hint).toBe(
      "where it is a plain HTTP registry on a network that you trust, use connection.tlsVerify: false (--tls-verify=false), or `insecure` in registries.conf",
    );
  });

  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    it(`a client certificate is shown (${maxVersion}), and its absence an error that says so`, async () => {
      const { server: files, authority, client: own } = await testCertificates();
      await using server = await serveTls(
        {
          ...identity(files),
          maxVersion,
          ca: readFileSync(authority.certificate),
          requestCert: true,
          rejectUnauthorized: true,
        },
        (_request, response) => answer(response, 200, {}, "hello"),
      );
      const tls = await trusted();
      const known = client({ tls: { ...tls, clients: [identity(own), identity(own)] } });
      expect(await text(await known.request({ method: "GET", url: server.url }))).toBe("hello");
      const error = await failure(client({ tls }).request({ method: "GET", url: server.url }));
      expect((error as { code: string }).code).toMatch(/^ERR_DRAYAGE_(?:TLS|CONNECTION)$/);
    });
  }

  it("keys and certificates that cannot be used are ERR_DRAYAGE_TLS without the key's text", async () => {
    const { client: own, server: other } = await testCertificates();
    for (const clients of [
      [{ cert: identity(own).cert, key: identity(other).key }],
      [{ cert: "s3cret", key: identity(own).key }],
      [{ cert: identity(own).cert, key: "s3cret" }],
    ]) {
      const error = await failure(
        client({ tls: { clients } }).request({ method: "GET", url: "https://127.0.0.1:1/" }),
      );
      expect(error).toMatchObject({ code: "ERR_DRAYAGE_TLS" });
      expect(String(error)).not.toContain("s3cret");
    }
  });

  it("a redirect from HTTPS to HTTP is refused, the other way it is followed without credentials", async () => {
    const { server: files } = await testCertificates();
    await using secure = await serveTls(identity(files), (request, response) => {
      if (request.url === "/down") answer(response, 302, { location: "http://127.0.0.1:1/?token=s3cret" });
      else answer(response, 200, {}, String(request.headers.authorization));
    });
    await using plain = await serve((_request, response) =>
      answer(response, 302, { location: `${secure.url}/` }),
    );
    const http = client({ tls: await trusted() });
    const error = await failure(http.request({ method: "GET", url: `${secure.url}/down` }));
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: false });
    expect(String(error)).toContain("from HTTPS to HTTP");
    expect(String(error)).not.toContain("s3cret");
    const response = await http.request({
      method: "GET",
      url: plain.url,
      headers: { authorization: "Bearer s3cret" },
    });
    expect(await text(response)).toBe("undefined");
  });

  it("bodies go both ways, connections are kept, and a handshake that never ends does", async () => {
    const { server: files } = await testCertificates();
    const wanted = pattern(3_000_000);
    await using server = await serveTls(identity(files), async (request, response) => {
      response.end(await bodyOf(request));
    });
    const http = client({ tls: await trusted() });
    for (let time = 0; time < 2; time += 1) {
      const response = await http.request({
        method: "PUT",
        url: server.url,
        body: {
          length: wanted.length,
          async send(write) {
            const chunk = new Uint8Array(300_000);
            for (let at = 0; at < wanted.length; at += chunk.length) {
              chunk.set(wanted.subarray(at, at + chunk.length));
              await write(chunk);
              chunk.fill(0xee);
            }
          },
        },
      });
      expect(Buffer.compare(await response.bytes(wanted.length), wanted)).toBe(0);
    }
    expect(server.connections()).toBe(1);
    const silent = createServer();
    silent.removeAllListeners("connection");
    await using mute = await (await import("./support/servers.ts")).listen(silent, "https");
    const error = await failure(
      client({ timeouts: { connect: 50 } }).request({ method: "GET", url: mute.url }),
    );
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_CONNECTION", retryable: true });
    expect(String(error)).toContain("did not answer within");
  });
});
