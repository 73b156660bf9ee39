import { DrayageError } from "@drayage/errors";
import type { HttpClient, HttpRequest, HttpResponse } from "@drayage/http";
import { encode } from "./samples.ts";

export interface FakeAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
  /** After a redirect. */
  readonly url?: string;
}

export interface FakeHttp extends HttpClient {
  readonly requests: HttpRequest[];
}

/** An HTTP client that asks a function. */
export function fakeHttp(handle: (request: HttpRequest) => FakeAnswer | Promise<FakeAnswer>): FakeHttp {
  const requests: HttpRequest[] = [];
  return {
    requests,
    async request(request) {
      requests.push(request);
      const answer = await handle(request);
      request.signal?.throwIfAborted();
      return responseOf(answer, request.url);
    },
    close() {},
  };
}

function responseOf({ status, headers = {}, body = "", url }: FakeAnswer, asked: string): HttpResponse {
  const bytes = typeof body === "string" ? encode(body) : body;
  const all = (name: string): readonly string[] => [headers[name] ?? []].flat();
  return {
    status,
    url: url ?? asked,
    headers: { all, get: (name) => (headers[name] === undefined ? undefined : all(name).join(", ")) },
    body: (async function* () {
      yield bytes;
    })(),
    async bytes(limit) {
      if (bytes.length <= limit) return bytes;
      throw new DrayageError("ERR_DRAYAGE_LIMIT_EXCEEDED", `more than ${limit} bytes`);
    },
    async discard() {},
  };
}
