import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import https from "node:https";
import { expect, it } from "vitest";
import {
  type CertificateFiles,
  describeWithPeers,
  type RegistryOptions,
  startRegistry,
  testCertificates,
} from "../src/index.ts";

describeWithPeers("certificates", ["docker-registry", "openssl"], () => {
  async function get(
    options: RegistryOptions,
    { trust = true, client }: { trust?: boolean; client?: CertificateFiles } = {},
  ): Promise<number | string | undefined> {
    const { authority } = await testCertificates();
    await using registry = await startRegistry(options);
    return await new Promise((resolve) => {
      const request = https.get(`${registry.url}/v2/`, {
        agent: false,
        ca: trust ? readFileSync(authority.certificate) : undefined,
        cert: client && readFileSync(client.certificate),
        key: client && readFileSync(client.key),
      });
      request.on("response", (response) => resolve(response.resume().statusCode));
      request.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
    });
  }

  it("the server's is trusted by whoever trusts its authority, and by nobody else", async () => {
    const { server } = await testCertificates();
    expect(await get({ tls: server })).toBe(200);
    expect(await get({ tls: server }, { trust: false })).toBe("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  });

  it("one is expired, one is another host's, one is its own authority", async () => {
    const { expired, otherHost, selfSigned } = await testCertificates();
    expect(await get({ tls: expired })).toBe("CERT_HAS_EXPIRED");
    expect(await get({ tls: otherHost })).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
    expect(await get({ tls: selfSigned })).toBe("DEPTH_ZERO_SELF_SIGNED_CERT");
  });

  it("clients can be asked for one", async () => {
    const { server, authority, client, selfSigned } = await testCertificates();
    const options = { tls: server, clientAuthority: authority.certificate };
    expect(await get(options, { client })).toBe(200);
    expect(await get(options)).toMatch(/^ERR_SSL_|ECONNRESET/);
    expect(await get(options, { client: selfSigned })).toMatch(/^ERR_SSL_|ECONNRESET/);
  });

  it("they are made once, unless a folder is named", async () => {
    expect(await testCertificates()).toBe(await testCertificates());
    const { server } = await testCertificates();
    expect(new X509Certificate(readFileSync(server.certificate)).subjectAltName).toBe(
      "IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:localhost",
    );
  });
});
