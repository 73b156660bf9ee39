import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { sha256 } from "./hash.ts";

/** A registry that takes images, and keeps what has come of an upload whose connection breaks, as the specification has it. */
export interface KeepingRegistry {
  readonly url: string;
  /** Of the blobs of a repository, sorted. */
  digests(repository: string): readonly string[];
  close(): Promise<void>;
}

interface Upload {
  readonly parts: Uint8Array[];
  length: number;
}

/** Starts one on 127.0.0.1. It holds all in memory, and forgets the bytes of blobs once their digest is known. */
export async function startKeepingRegistry(): Promise<KeepingRegistry> {
  const blobs = new Map<string, Map<string, number>>();
  const manifests = new Map<string, { readonly bytes: Uint8Array; readonly mediaType: string }>();
  const uploads = new Map<string, Upload>();

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = request;
    const { pathname, searchParams } = new URL(url, "http://registry");
    const end = (status: number, fields: Record<string, string | number> = {}, body?: Uint8Array): void => {
      response.writeHead(status, fields).end(method === "HEAD" ? undefined : body);
    };
    const [, name = "", kind = "", rest = ""] = /^\/v2\/(.+)\/(blobs|manifests)\/(.*)$/.exec(pathname) ?? [];
    const own = blobs.get(name) ?? new Map<string, number>();
    blobs.set(name, own);
    if (kind === "manifests") {
      const at = (reference: string): string => `${name} ${reference}`;
      if (method === "PUT") {
        const bytes = await bytesOf(request);
        const manifest = { bytes, mediaType: headers["content-type"] ?? "" };
        for (const reference of [rest, sha256(bytes)]) manifests.set(at(reference), manifest);
        return end(201, { "docker-content-digest": sha256(bytes) });
      }
      const found = manifests.get(at(rest));
      if (found === undefined) return end(404);
      const { bytes, mediaType } = found;
      return end(
        200,
        { "content-type": mediaType, "content-length": bytes.length, "docker-content-digest": sha256(bytes) },
        bytes,
      );
    }
    if (kind !== "blobs") return end(200);
    if (!rest.startsWith("uploads/")) {
      const size = own.get(rest);
      return size === undefined ? end(404) : end(200, { "content-length": size });
    }
    const id = rest.slice("uploads/".length) || randomUUID();
    const upload = uploads.get(id) ?? { parts: [], length: 0 };
    const progress = (): Record<string, string> => ({
      location: `/v2/${name}/blobs/uploads/${id}`,
      range: `0-${Math.max(0, upload.length - 1)}`,
    });
    if (method === "POST") {
      uploads.set(id, upload);
      return end(202, progress());
    }
    if (!uploads.has(id)) return end(404);
    if (method === "GET") return end(204, progress());
    const start = /^(\d+)-/.exec(headers["content-range"] ?? "")?.[1];
    if (start !== undefined && Number(start) !== upload.length) return end(416, progress());
    for await (const chunk of request as AsyncIterable<Uint8Array>) {
      upload.parts.push(chunk);
      upload.length += chunk.length;
    }
    if (method === "PATCH") return end(202, progress());
    const hash = createHash("sha256");
    for (const part of upload.parts) hash.update(part);
    const digest = `sha256:${hash.digest("hex")}`;
    uploads.delete(id);
    if (digest !== searchParams.get("digest")) return end(400);
    own.set(digest, upload.length);
    return end(201, { location: `/v2/${name}/blobs/${digest}` });
  }

  const server = createServer((request, response) => {
    // A connection that broke: what had come is kept.
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    digests: (repository) => [...(blobs.get(repository)?.keys() ?? [])].sort(),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bytesOf(request: IncomingMessage): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of request as AsyncIterable<Uint8Array>) parts.push(part);
  return Buffer.concat(parts);
}
