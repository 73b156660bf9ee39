import { describe, expect, it } from "vitest";
import { proxyFor } from "../src/node/proxies.ts";

function proxied(env: Record<string, string>, url: string): string | undefined {
  return proxyFor("environment", env)(new URL(url))?.href;
}

describe("proxies of the environment, as golang.org/x/net/http/httpproxy", () => {
  it("each scheme has its own; upper case goes before lower case; an empty one is none", () => {
    const env = { HTTP_PROXY: "http://a:1", http_proxy: "http://b:2", https_proxy: "http://c:3" };
    expect(proxied(env, "http://host/")).toBe("http://a:1/");
    expect(proxied(env, "https://host/")).toBe("http://c:3/");
    expect(proxied({ HTTP_PROXY: "", http_proxy: "http://b:2" }, "http://host/")).toBe("http://b:2/");
    expect(proxied({ HTTP_PROXY: "http://a:1", ALL_PROXY: "http://d:4" }, "https://host/")).toBeUndefined();
  });

  it("a password that is not written as in a URL is ERR_DRAYAGE_USAGE, and is not told", () => {
    let thrown: unknown;
    try {
      proxied({ HTTPS_PROXY: "http://ann:hunter2%secret@proxy.example" }, "https://host/");
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "ERR_DRAYAGE_USAGE", hint: "write %25 for a percent sign" });
    expect(String(thrown)).not.toContain("hunter2");
  });

  it("a proxy without a scheme is one of HTTP", () => {
    expect(proxied({ HTTPS_PROXY: "proxy.example:3128" }, "https://host/")).toBe(
      "http://proxy.example:3128/",
    );
    expect(proxied({ HTTPS_PROXY: "10.0.0.1:3128" }, "https://host/")).toBe("http://10.0.0.1:3128/");
    expect(proxied({ HTTPS_PROXY: "user:pass@proxy.example" }, "https://host/")).toBe(
      "http://user:pass@proxy.example/",
    );
  });

  const hosts: readonly [noProxy: string, url: string, direct: boolean][] = [
    ["", "http://localhost:5000/", true],
    ["", "http://127.0.0.1/", true],
    ["", "http://127.9.8.7/", true],
    ["", "http://[::1]:80/", true],
    ["", "http://[::ffff:127.0.0.1]/", true],
    ["", "http://notlocalhost/", false],
    ["", "http://host.example/", false],
    ["*", "http://host.example/", true],
    ["other.example, *", "http://host.example/", true],
    ["example.com", "http://example.com/", true],
    ["example.com", "http://a.example.com/", true],
    ["example.com", "http://aexample.com/", false],
    ["example.com", "http://example.com.evil/", false],
    ["EXAMPLE.com", "http://Example.COM/", true],
    [".example.com", "http://example.com/", false],
    [".example.com", "http://a.b.example.com/", true],
    ["*.example.com", "http://a.example.com/", true],
    ["*.example.com", "http://example.com/", false],
    ["example.com:80", "http://example.com/", true],
    ["example.com:443", "http://example.com/", false],
    ["example.com:443", "https://a.example.com/", true],
    ["example.com:5000", "http://example.com:5000/", true],
    [" , x.example ,example.com ", "http://example.com/", true],
    [":80", "http://example.com/", false],
    ["bücher.example", "http://xn--bcher-kva.example/", true],
    ["10.1.2.3", "http://10.1.2.3/", true],
    ["10.1.2.3", "http://10.1.2.30/", false],
    ["10.1.2.3:80", "http://10.1.2.3/", true],
    ["10.1.2.3:81", "http://10.1.2.3/", false],
    ["10.0.0.0/8", "http://10.200.1.1/", true],
    ["10.0.0.0/8", "http://11.0.0.1/", false],
    ["10.0.0.0/33", "http://10.0.0.0/", false],
    ["0.0.0.0/0", "http://8.8.8.8/", true],
    ["0.0.0.0/0", "http://host.example/", false],
    ["2001:db8::/32", "http://[2001:db8:1::5]/", true],
    ["2001:db8::/32", "http://[2001:db9::5]/", false],
    ["2001:db8::5", "http://[2001:db8:0::5]/", true],
    ["[2001:db8::5]:80", "http://[2001:db8::5]/", true],
    ["[2001:db8::5]:81", "http://[2001:db8::5]/", false],
  ];
  for (const [noProxy, url, direct] of hosts) {
    it(`NO_PROXY=${JSON.stringify(noProxy)}: ${url} ${direct ? "directly" : "by the proxy"}`, () => {
      const env = { HTTP_PROXY: "http://proxy:1", HTTPS_PROXY: "http://proxy:1", no_proxy: noProxy };
      expect(proxied(env, url)).toBe(direct ? undefined : "http://proxy:1/");
    });
  }

  it("HTTP_PROXY is refused in a CGI program, where it may be a header of whoever asks", () => {
    const env = { HTTP_PROXY: "http://proxy:1", HTTPS_PROXY: "http://proxy:1", REQUEST_METHOD: "GET" };
    expect(() => proxied(env, "http://host/")).toThrowError(
      expect.objectContaining({ code: "ERR_DRAYAGE_USAGE" }),
    );
    expect(proxied(env, "https://host/")).toBe("http://proxy:1/");
  });

  it("none, or one for all", () => {
    expect(proxyFor("none", { HTTP_PROXY: "http://a:1" })(new URL("http://host/"))).toBeUndefined();
    expect(proxyFor("http://a:1", { NO_PROXY: "*" })(new URL("https://127.0.0.1/"))?.href).toBe(
      "http://a:1/",
    );
  });

  it("what is no proxy of HTTP is refused without its password", () => {
    for (const proxy of ["socks5://user:s3cret@host:1080", "http://", "user:s3cret@ho st"]) {
      let error: unknown;
      try {
        proxyFor(proxy, {})(new URL("http://host/"));
      } catch (caught) {
        error = caught;
      }
      expect(error, proxy).toMatchObject({ code: "ERR_DRAYAGE_USAGE" });
      expect(String(error)).not.toContain("s3cret");
    }
  });
});
