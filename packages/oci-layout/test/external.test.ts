import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { readBlob } from "@drayage/blob";
import { afterEach, describe, expect, it } from "vitest";
import { openLayoutSource } from "../src/index.ts";
import { encode, MemoryLayout, sha256 } from "./images.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
});

/** A server, and what was asked of it. */
async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ readonly url: string; readonly requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

async function fetchLayer(urls: readonly string[], text = "layer", size = text.length): Promise<string> {
  const layout = new MemoryLayout();
  layout.index([layout.image("a")]);
  const source = await openLayoutSource({ text: "x" }, { path: "x" }, layout);
  try {
    const blob = await source.blob({ mediaType: "", digest: sha256("layer"), size, urls });
    return new TextDecoder().decode(await readBlob(blob, { limit: 1000 }));
  } finally {
    await source.close();
  }
}

describe("a foreign layer that the layout lacks", () => {
  it("is fetched from the first URL that has it, with nobody's credentials", async () => {
    const gone = await serve((_, response) => response.writeHead(404).end("gone"));
    const there = await serve((_, response) => response.end("layer"));
    const urls = ["ftp://127.0.0.1/layer", `${gone.url}/layer`, `${there.url}/layer?token=s3cret`];
    expect(await fetchLayer(urls)).toBe("layer");
    expect(gone.requests).toHaveLength(1);
    expect(there.requests.map(({ url }) => url)).toEqual(["/layer?token=s3cret"]);
    expect(there.requests[0]?.headers.authorization).toBeUndefined();
  });

  it("is gone on with after a cut, where it broke", async () => {
    const { url, requests } = await serve((request, response) => {
      if (request.headers.range === "bytes=2-") {
        response.writeHead(206, { "content-range": "bytes 2-4/5", "content-length": "3" }).end("yer");
        return;
      }
      response.writeHead(200, { "content-length": "5" });
      response.write("la", () => response.destroy());
    });
    expect(await fetchLayer([url])).toBe("layer");
    expect(requests.map(({ headers }) => headers.range)).toEqual([undefined, "bytes=2-"]);
  });

  it("is verified", async () => {
    const { url } = await serve((_, response) => response.end("LAYER"));
    await expect(fetchLayer([url])).rejects.toMatchObject({ code: "ERR_DRAYAGE_DIGEST_MISMATCH" });
    const long = await serve((_, response) => response.end("layer and more"));
    await expect(fetchLayer([long.url])).rejects.toMatchObject({ code: "ERR_DRAYAGE_BLOB_NOT_FOUND" });
  });

  it("that nobody has is named with what each host said, and no secret of its URL", async () => {
    const { url } = await serve((_, response) => response.writeHead(403).end());
    const error = await fetchLayer([`${url}/layer?token=s3cret`]).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "ERR_DRAYAGE_BLOB_NOT_FOUND" });
    expect((error as Error).message).toMatch(/^"memory": the blob sha256:[0-9a-f]{64} is not .* status 403$/);
    expect((error as Error).message).not.toContain("s3cret");
  });

  it("is not fetched where the layout has it", async () => {
    const { url, requests } = await serve((_, response) => response.end("layer"));
    const layout = new MemoryLayout();
    layout.index([layout.image("a")]);
    layout.blobs.set(sha256("layer"), encode("layer"));
    const source = await openLayoutSource({ text: "x" }, { path: "x" }, layout);
    const blob = await source.blob({ mediaType: "", digest: sha256("layer"), size: 5, urls: [url] });
    expect(blob.origin.kind).toBe("file");
    expect(requests).toEqual([]);
  });

  it("is not fetched before somebody reads it", async () => {
    const { url, requests } = await serve((_, response) => response.end("layer"));
    const layout = new MemoryLayout();
    layout.index([layout.image("a")]);
    const source = await openLayoutSource({ text: "x" }, { path: "x" }, layout);
    await source.blob({ mediaType: "", digest: sha256("layer"), size: 5, urls: [url] });
    await source.close();
    expect(requests).toEqual([]);
  });
});
