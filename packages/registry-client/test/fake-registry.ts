import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeRequest {
  readonly method: string;
  /** The path and the query. */
  readonly target: string;
  readonly headers: IncomingMessage["headers"];
}

/** What a fake registry does with uploads, where it is not what the specification says. */
export interface FakeBehaviour {
  /** How many bytes it takes of all bodies together before it cuts the connection; one number for each cut. */
  readonly cuts?: number[];
  /** Answers these uploads first, in turn. */
  readonly answers?: {
    readonly method: string;
    readonly status: number;
    readonly body?: string;
    readonly headers?: Record<string, string>;
  }[];
  /** The most bytes of one body, as a proxy has it that answers 413. */
  readonly bodyLimit?: number;
  readonly leastChunk?: number;
  /** Says nothing of what it has. */
  readonly noRange?: boolean;
  /** Answers 404 to who asks how far an upload has come. */
  readonly noStatus?: boolean;
  /** Takes a body whole, and cuts the connection instead of answering; how often, by method. */
  readonly lostAnswers?: { readonly method: string }[];
  /** Locations are absolute, relative, or absolute on another host. */
  readonly location?: "absolute" | "relative" | string;
  /** Before anything else: true where it has answered. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface FakeRegistry {
  readonly host: string;
  readonly url: string;
  readonly requests: FakeRequest[];
  readonly blobs: Map<string, Uint8Array>;
  /** Bytes of uploads that came. */
  received: number;
  close(): Promise<void>;
}

/** A registry in memory whose uploads can be continued, as the specification has it. */
export async function fakeRegistry(behaviour: FakeBehaviour = {}): Promise<FakeRegistry> {
  const uploads = new Map<string, Buffer[]>();
  const state = { requests: [] as FakeRequest[], blobs: new Map<string, Uint8Array>(), received: 0 };
  const cuts = [...(behaviour.cuts ?? [])];
  const answers = [...(behaviour.answers ?? [])];
  const lost = [...(behaviour.lostAnswers ?? [])];

  const take = (list: { readonly method: string }[], method: string): boolean => {
    if (list[0]?.method !== method) return false;
    list.shift();
    return true;
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const method = request.method ?? "";
    const url = new URL(request.url ?? "", "http://fake");
    state.requests.push({ method, target: request.url ?? "", headers: request.headers });
    if (behaviour.intercept?.(request, response)) return;
    const end = (status: number, headers: Record<string, string> = {}, body = ""): void => {
      response.writeHead(status, headers).end(method === "HEAD" ? undefined : body);
    };
    const blob = /^\/v2\/(.+)\/blobs\/(sha256:[0-9a-f]{64})$/.exec(url.pathname);
    if (blob !== null) {
      const bytes = state.blobs.get(blob[2] ?? "");
      if (bytes === undefined) return end(404);
      response.writeHead(200, { "content-length": bytes.length });
      response.end(method === "HEAD" ? undefined : bytes);
      return;
    }
    const upload = /^\/v2\/.+\/blobs\/uploads\/(.*)$/.exec(url.pathname);
    if (upload === null) return end(200);
    const answer = answers[0];
    if (answer !== undefined && answer.method === method) {
      answers.shift();
      return end(answer.status, answer.headers, answer.body);
    }
    const id = upload[1] === "" ? randomUUID() : (upload[1] ?? "");
    const session = upload[1] === "" ? [] : uploads.get(id);
    if (session === undefined) return end(404, {}, errors("BLOB_UPLOAD_UNKNOWN"));
    uploads.set(id, session);
    const length = (): number => session.reduce((sum, part) => sum + part.length, 0);
    const progress = (): Record<string, string> => {
      const path = `${url.pathname.slice(0, url.pathname.lastIndexOf("/"))}/${id}?state=${length()}%2F`;
      const { location = "relative" } = behaviour;
      const origin =
        location === "relative" ? "" : location === "absolute" ? `http://${request.headers.host}` : location;
      return {
        location: `${origin}${path}`,
        ...(behaviour.noRange ? {} : { range: `0-${Math.max(0, length() - 1)}` }),
        ...(method === "POST" && behaviour.leastChunk !== undefined
          ? { "oci-chunk-min-length": String(behaviour.leastChunk) }
          : {}),
      };
    };
    if (method === "POST") return end(202, progress());
    if (url.searchParams.get("state") === null) return end(400, {}, errors("BLOB_UPLOAD_INVALID"));
    if (method === "GET") return behaviour.noStatus ? end(404) : end(204, progress());
    if (method === "DELETE") {
      uploads.delete(id);
      return end(204);
    }
    const { bodyLimit = Number.POSITIVE_INFINITY } = behaviour;
    if (Number(request.headers["content-length"] ?? 0) > bodyLimit) return end(413);
    const start = /^(\d+)-\d+$/.exec(request.headers["content-range"] ?? "")?.[1];
    if (start !== undefined && Number(start) !== length()) return end(416);
    for await (const chunk of request as AsyncIterable<Buffer>) {
      const room = (cuts[0] ?? Number.POSITIVE_INFINITY) - state.received;
      session.push(chunk.subarray(0, room));
      state.received += Math.min(room, chunk.length);
      if (chunk.length < room) continue;
      cuts.shift();
      request.socket.resetAndDestroy();
      return;
    }
    if (method === "PATCH") {
      if (take(lost, method)) request.socket.destroy();
      else end(202, progress());
      return;
    }
    const bytes = Buffer.concat(session);
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    uploads.delete(id);
    if (digest !== url.searchParams.get("digest")) return end(400, {}, errors("DIGEST_INVALID"));
    state.blobs.set(digest, bytes);
    if (take(lost, method)) request.socket.destroy();
    else end(201, { location: `/v2/x/blobs/${digest}` });
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(state, {
    host,
    url: `http://${host}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

function errors(code: string): string {
  return JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] });
}
