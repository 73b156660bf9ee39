/** Parameters of registries and token servers that are no secrets and that help to understand an error. */
const harmless = new Set([
  "account",
  "artifactType",
  "client_id",
  "digest",
  "from",
  "last",
  "mount",
  "n",
  "ns",
  "scope",
  "service",
  "tag",
]);

const longest = 500;

/**
 * A URL as it may stand in an error or a log: without user and password, without fragment, and with the values of all
 * query parameters hidden that are not known to be harmless. What a registry redirects to is signed there
 * (`X-Amz-Signature`, `sig`, `token`, …), and whoever has such a URL may read the blob.
 */
export function redactedUrl(url: string | URL): string {
  if (typeof url === "string" && !URL.canParse(url)) return "an invalid URL";
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  shown.hash = "";
  const parameters = [...shown.searchParams].map(([name, value]) =>
    harmless.has(name) ? `${name}=${value}` : `${name}=***`,
  );
  shown.search = "";
  const query = parameters.length === 0 ? "" : `?${parameters.join("&")}`;
  const text = `${shown.href}${query}`;
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
