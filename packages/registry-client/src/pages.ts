import { DrayageError } from "@drayage/errors";
import type { HttpResponse } from "@drayage/http";
import { nextLink } from "./link.ts";
import { resolveLocation } from "./location.ts";
import type { Scopes } from "./scope.ts";
import type { ExpectedAnswer, Session } from "./session.ts";

export interface PageRequest {
  /** The first page's path. */
  readonly path: string;
  readonly scopes: Scopes;
  readonly accept: string;
  /** The most bytes of one page. */
  readonly limit: number;
  readonly expected: ExpectedAnswer;
  readonly signal: AbortSignal | undefined;
}

export interface Page {
  readonly response: HttpResponse;
  readonly bytes: Uint8Array;
}

/** No registry has as many pages: it leads in circles. */
const pageLimit = 100_000;

/**
 * Page after page, as the `Link` headers lead.
 *
 * @throws ERR_DRAYAGE_REGISTRY where they lead to another host, or in circles
 */
export async function* readPages(
  session: Session,
  request: PageRequest,
): AsyncGenerator<Page, void, undefined> {
  const { scopes, accept, expected, signal, limit } = request;
  const origin = await session.origin(signal);
  let url: URL | undefined = new URL(request.path, origin);
  const seen = new Set<string>();
  while (url !== undefined) {
    if (seen.has(url.href) || seen.size === pageLimit) {
      throw new DrayageError(
        "ERR_DRAYAGE_REGISTRY",
        `cannot ${expected.doing}: the pages of ${session.host} lead in circles`,
      );
    }
    seen.add(url.href);
    const response: HttpResponse = await session.call(
      { method: "GET", target: url, scopes, headers: { accept }, signal },
      expected,
    );
    const link = nextLink(response.headers.all("link"));
    const next: URL | undefined = link === undefined ? undefined : resolveLocation(link, url, session.host);
    if (next !== undefined && next.origin !== url.origin) {
      await response.discard();
      throw new DrayageError(
        "ERR_DRAYAGE_REGISTRY",
        `cannot ${expected.doing}: ${session.host} leads to another host`,
      );
    }
    yield { response, bytes: await response.bytes(limit) };
    url = next;
  }
}
