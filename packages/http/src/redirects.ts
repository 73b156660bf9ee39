import { DrayageError } from "@drayage/errors";
import type { HttpHeaders, HttpRequest } from "./client.ts";
import { redactedUrl } from "./redacted-url.ts";

/** As in Go's net/http: more of them are a loop. */
export const maxRedirects = 10;

const secretHeaders = new Set(["authorization", "cookie", "proxy-authorization"]);

/** Where a request goes next, or undefined where the response is none that sends it elsewhere. */
export function redirected(
  request: HttpRequest,
  response: { readonly status: number; readonly headers: HttpHeaders; readonly url: string },
): HttpRequest | undefined {
  const { status, headers } = response;
  const [location] = headers.all("location");
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined || location === "")
    return undefined;
  const from = new URL(response.url);
  const to = target(location, from);
  const sameOrigin = to.origin === from.origin;
  const keepsMethod =
    status === 307 || status === 308 || request.method === "GET" || request.method === "HEAD";
  // A body that is made while it is sent is gone: the caller has to send it to where the response says.
  if (keepsMethod && request.body !== undefined && !(request.body instanceof Uint8Array)) return undefined;
  const kept = Object.entries(request.headers ?? {}).filter(
    ([name]) =>
      (sameOrigin || !secretHeaders.has(name.toLowerCase())) &&
      (keepsMethod || !name.toLowerCase().startsWith("content-")),
  );
  return {
    ...request,
    method: keepsMethod ? request.method : "GET",
    url: to.href,
    headers: Object.fromEntries(kept),
    body: keepsMethod ? request.body : undefined,
  };
}

export function tooManyRedirects(url: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_CONNECTION",
    `${redactedUrl(url)} redirects more than ${maxRedirects} times`,
  );
}

function target(location: string, from: URL): URL {
  if (!URL.canParse(location, from.href)) {
    throw new DrayageError(
      "ERR_DRAYAGE_CONNECTION",
      `${redactedUrl(from)} redirects to something that is no URL`,
    );
  }
  const to = new URL(location, from);
  to.username = "";
  to.password = "";
  to.hash = "";
  if (from.protocol === "https:" && to.protocol === "http:") {
    throw new DrayageError(
      "ERR_DRAYAGE_CONNECTION",
      `${redactedUrl(from)} redirects from HTTPS to HTTP, to ${redactedUrl(to)}: that is refused`,
      { hint: "tell whoever runs the registry that it has to redirect to HTTPS" },
    );
  }
  if (to.protocol !== "https:" && to.protocol !== "http:") {
    throw new DrayageError(
      "ERR_DRAYAGE_CONNECTION",
      `${redactedUrl(from)} redirects to ${JSON.stringify(to.protocol)}, which is not HTTP`,
    );
  }
  return to;
}
