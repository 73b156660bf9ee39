import { DrayageError } from "@drayage/errors";

/**
 * Where an answer from `base` leads. Registries behind a proxy that ends TLS often take themselves for plain HTTP: on their own
 * host the scheme stays what it was.
 *
 * @throws ERR_DRAYAGE_REGISTRY where it leads nowhere, or away from HTTPS
 */
export function resolveLocation(location: string | undefined, base: URL, host: string): URL {
  if (location === undefined || !URL.canParse(location, base.href)) {
    throw new DrayageError("ERR_DRAYAGE_REGISTRY", `${host} does not say where to go on`);
  }
  const url = new URL(location, base);
  url.hash = "";
  if (url.username !== "" || url.password !== "" || !["http:", "https:"].includes(url.protocol)) {
    throw new DrayageError("ERR_DRAYAGE_REGISTRY", `${host} leads to where one cannot go`);
  }
  if (base.protocol === "https:" && url.protocol === "http:") {
    if (url.hostname !== base.hostname) {
      throw new DrayageError("ERR_DRAYAGE_REGISTRY", `${host} leads away from HTTPS, to ${url.host}`);
    }
    url.protocol = "https:";
    if (url.port === "") url.port = base.port;
  }
  return url;
}
