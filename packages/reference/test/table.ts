/*
 * What Go's ParseNormalizedNamed makes of texts (containers/image docker/reference). Hand-written from the
 * grammar; `reference.peer.test.ts` compares it with skopeo where that can be asked.
 */

export const hex64: string = "0123456789abcdef".repeat(4);
export const sha256: string = `sha256:${hex64}`;
export const sha512: string = `sha512:${hex64}${hex64}`;

export interface Accepted {
  readonly text: string;
  readonly domain: string;
  readonly path: string;
  readonly tag?: string;
  readonly digest?: string;
  readonly familiar: string;
  /** Set where the Go tools that skopeo 1.9.3 is made of do not take it yet. */
  readonly newer?: true;
}

function hub(text: string, path: string, familiar: string, rest: Partial<Accepted> = {}): Accepted {
  return { text, domain: "docker.io", path, familiar, ...rest };
}

function other(domain: string, path: string, rest: Partial<Accepted> = {}): Accepted {
  const { tag, digest } = rest;
  const text = `${domain}/${path}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
  return { text, domain, path, familiar: text, ...rest };
}

export const accepted: readonly Accepted[] = [
  hub("busybox", "library/busybox", "busybox"),
  hub("busybox:latest", "library/busybox", "busybox:latest", { tag: "latest" }),
  hub("library/busybox", "library/busybox", "busybox"),
  hub("docker.io/busybox", "library/busybox", "busybox"),
  hub("docker.io/library/busybox", "library/busybox", "busybox"),
  hub("index.docker.io/busybox", "library/busybox", "busybox"),
  hub("index.docker.io/library/busybox:1", "library/busybox", "busybox:1", { tag: "1" }),
  hub("docker.io/docker/docker", "docker/docker", "docker/docker"),
  hub("library/docker/docker", "library/docker/docker", "library/docker/docker"),
  hub("docker/migrator", "docker/migrator", "docker/migrator"),
  hub("foo/foo/bar", "foo/foo/bar", "foo/foo/bar"),
  hub("foo/bar/baz/quux:v1.2.3", "foo/bar/baz/quux", "foo/bar/baz/quux:v1.2.3", { tag: "v1.2.3" }),
  // Not a digest here: a name with a tag.
  hub(sha256, "library/sha256", sha256, { tag: hex64 }),
  hub("localhost", "library/localhost", "localhost"),
  hub("localhost:80", "library/localhost", "localhost:80", { tag: "80" }),
  hub("example.com", "library/example.com", "example.com"),
  hub("example.com:8080", "library/example.com", "example.com:8080", { tag: "8080" }),
  hub(`busybox@${sha256}`, "library/busybox", `busybox@${sha256}`, { digest: sha256 }),
  hub(`busybox:1@${sha256}`, "library/busybox", `busybox:1@${sha256}`, { tag: "1", digest: sha256 }),
  hub(`me/app:1@${sha512}`, "me/app", `me/app:1@${sha512}`, { tag: "1", digest: sha512 }),
  hub("a", "library/a", "a"),
  hub("a_b", "library/a_b", "a_b"),
  hub("a__b", "library/a__b", "a__b"),
  hub("a-b", "library/a-b", "a-b"),
  hub("a---------b", "library/a---------b", "a---------b"),
  hub("a.b_c-d__e", "library/a.b_c-d__e", "a.b_c-d__e"),
  hub("xn--7o8h", "library/xn--7o8h", "xn--7o8h"),
  hub("0/0", "0/0", "0/0"),
  hub(hex64.slice(1), `library/${hex64.slice(1)}`, hex64.slice(1)),
  hub(`${hex64}0`, `library/${hex64}0`, `${hex64}0`),
  hub(`${hex64}:latest`, `library/${hex64}`, `${hex64}:latest`, { tag: "latest" }),
  hub(`me/${hex64}`, `me/${hex64}`, `me/${hex64}`),
  hub("busybox:_", "library/busybox", "busybox:_", { tag: "_" }),
  hub("busybox:A.b-C_9", "library/busybox", "busybox:A.b-C_9", { tag: "A.b-C_9" }),
  hub(`busybox:${"t".repeat(128)}`, "library/busybox", `busybox:${"t".repeat(128)}`, {
    tag: "t".repeat(128),
  }),
  // `docker.io/library/` and 237 letters: 255.
  hub("n".repeat(237), `library/${"n".repeat(237)}`, "n".repeat(237)),
  other("localhost", "app"),
  other("localhost", "a/b", { tag: "1" }),
  other("localhost:5000", "app", { tag: "1" }),
  other("quay.io", "podman/stable", { tag: "v5", digest: sha256 }),
  other("registry:1", "app"),
  other("Registry.Example.COM", "app"),
  other("REGISTRY:5000", "app"),
  other("127.0.0.1:5000", "a/b/c"),
  other("xn--n3h.com", "xn--7o8h"),
  other("a-b.c-d", "e"),
  other("aa.bb", "cc/dd.ee"),
  // Looks like a domain, so that none is put before it, and is none by the grammar.
  { text: "foo_bar.com/x", domain: "", path: "foo_bar.com/x", familiar: "foo_bar.com/x" },
  other("[::1]", "app", { newer: true }),
  other("[::1]:5000", "app", { tag: "1", newer: true }),
  other("[2001:db8:1:2:3:4:5:6]:8080", "a/b", { digest: sha256, newer: true }),
];

export interface Refused {
  readonly text: string;
  readonly reason: string;
}

const upper = "the repository name has upper-case letters";
const malformed = "it is malformed";
const tooLong = "the name has more than 255 characters";

export const refused: readonly Refused[] = [
  { text: "", reason: "a name is missing" },
  { text: hex64, reason: "64 hex digits are an image ID" },
  { text: "Busybox", reason: upper },
  { text: "Busybox:latest", reason: upper },
  { text: "docker.io/Library/busybox", reason: upper },
  { text: "quay.io/Foo/bar", reason: upper },
  // containers/image takes an upper-case word without a dot for a name, not a domain.
  { text: "Foo/bar", reason: upper },
  { text: "busybox:", reason: "nothing follows the last colon" },
  { text: "quay.io/busybox:", reason: "nothing follows the last colon" },
  { text: "busybox@", reason: "nothing follows the @" },
  { text: ":latest", reason: malformed },
  { text: `@${sha256}`, reason: malformed },
  { text: "busybox:a:b", reason: malformed },
  { text: "busybox:.a", reason: malformed },
  { text: "busybox:-a", reason: malformed },
  { text: "busybox:a/b", reason: malformed },
  { text: `busybox:${"t".repeat(129)}`, reason: malformed },
  { text: "busybox:é", reason: malformed },
  { text: "busybox@sha256:abc", reason: malformed },
  { text: `busybox@${sha256}:1`, reason: malformed },
  { text: `busybox@${sha256}@${sha256}`, reason: malformed },
  { text: "busybox latest", reason: "it has spaces or control characters" },
  { text: " busybox", reason: "it has spaces or control characters" },
  { text: "busybox\n", reason: "it has spaces or control characters" },
  { text: "busy\u0000box", reason: "it has spaces or control characters" },
  { text: "https://quay.io/podman/stable", reason: "it has a URL's scheme" },
  { text: "docker://busybox", reason: "it has a URL's scheme" },
  { text: "/busybox", reason: malformed },
  { text: "busybox/", reason: malformed },
  { text: "a//b", reason: malformed },
  { text: "quay.io/", reason: malformed },
  { text: "quay.io//a", reason: malformed },
  { text: "-busybox", reason: malformed },
  { text: "busybox-", reason: malformed },
  { text: "_busybox", reason: malformed },
  { text: "a..b", reason: malformed },
  { text: "a___b", reason: malformed },
  { text: "a._b", reason: malformed },
  { text: "a/-b", reason: malformed },
  { text: "a/b.", reason: malformed },
  { text: "busybóx", reason: malformed },
  { text: "foo_bar.com:8080/x", reason: malformed },
  { text: "-registry.io/x", reason: malformed },
  { text: "registry-.io/x", reason: malformed },
  { text: "registry.io:/x", reason: malformed },
  { text: "registry.io:port/x", reason: malformed },
  { text: "registry..io/x", reason: malformed },
  { text: "user@registry.io/x", reason: malformed },
  { text: "[]/x", reason: malformed },
  { text: "[::1/x", reason: malformed },
  { text: "::1/x", reason: malformed },
  { text: "[fe80::1%eth0]/x", reason: malformed },
  { text: "[::ffff:1.2.3.4]/x", reason: malformed },
  { text: "[::1]", reason: malformed },
  { text: "n".repeat(238), reason: tooLong },
  { text: `quay.io/${"a/".repeat(130)}a`, reason: tooLong },
  { text: "a".repeat(1025), reason: "it has 1025 characters" },
  { text: `a${"-".repeat(10_000_000)}`, reason: "it has 10000001 characters" },
];
