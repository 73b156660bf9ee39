import { describe, expect, it } from "vitest";
import {
  abilities,
  checkTransport,
  defineTransport,
  isTransport,
  requireAbility,
  transportApiVersion,
  transportBrand,
} from "../src/index.ts";
import { errorOf, example } from "./support.ts";

const noSource = (): Promise<never> => Promise.reject(new Error("nothing there"));

describe("defineTransport", () => {
  it("adds the brand and the version and keeps the rest", () => {
    const transport = example();
    expect(transport[transportBrand]).toBe(true);
    expect(transport.apiVersion).toBe(1);
    expect(transport.parse("x")).toEqual({ text: "x" });
    expect(Symbol.keyFor(transportBrand)).toBe("@drayage/transport");
  });

  it("refuses what could not be used", async () => {
    for (const bad of [
      { scheme: "OCI" },
      { scheme: "" },
      { scheme: "a:b" },
      { scheme: "-a" },
      { aliases: ["a b"] },
    ]) {
      expect((await errorOf(() => example(bad))).code).toBe("ERR_DRAYAGE_PLUGIN_INVALID");
    }
  });
});

describe("isTransport and checkTransport", () => {
  const good = example({ openSource: noSource });
  const bad: readonly [string, unknown, RegExp][] = [
    ["nothing", undefined, /no object/],
    ["null", null, /no object/],
    ["a function", () => good, /no object/],
    ["an object without a brand", { ...good, [transportBrand]: undefined }, /no brand/],
    [
      "one of a later contract",
      { ...good, apiVersion: transportApiVersion + 1 },
      /version 2 of the contract, and this is version 1/,
    ],
    ["one of no version", { ...good, apiVersion: undefined }, /version undefined/],
    ["one without a scheme", { ...good, scheme: undefined }, /scheme/],
    ["one with text for aliases", { ...good, aliases: "oci" }, /aliases/],
    ["one without a summary", { ...good, summary: undefined }, /lacks its summary/],
    ["one that cannot parse", { ...good, parse: undefined }, /lacks parse/],
    ["one with a value for an ability", { ...good, listTags: true }, /listTags/],
  ];

  it("takes a transport, whichever copy of the package made it", () => {
    expect(isTransport(good)).toBe(true);
    expect(isTransport({ ...good, [Symbol.for("@drayage/transport")]: true })).toBe(true);
    expect(() => checkTransport(good, "it")).not.toThrow();
  });

  it.each(bad)("refuses %s and says why", async (_, value, reason) => {
    expect(isTransport(value)).toBe(false);
    const error = await errorOf(() => checkTransport(value, "the package x"));
    expect(error.code).toBe("ERR_DRAYAGE_PLUGIN_INVALID");
    expect(error.message).toMatch(/^the package x /);
    expect(error.message).toMatch(reason);
  });

  it("says which side to update where the contracts differ", async () => {
    const newer = await errorOf(() => checkTransport({ ...good, apiVersion: 2 }, "it"));
    expect(newer.hint).toBe("install a newer version of drayage");
    const older = await errorOf(() => checkTransport({ ...good, apiVersion: 0 }, "it"));
    expect(older.hint).toBe("install a newer version of the plugin");
  });
});

describe("abilities", () => {
  const none = example();
  const some = example({ openSource: noSource, listTags: async () => ["a"] });

  it("are the methods that are there", () => {
    expect(abilities(none)).toEqual([]);
    expect(abilities(some)).toEqual(["openSource", "listTags"]);
  });

  it("are required with a transport that has them", async () => {
    expect(requireAbility(some, "listTags")).toBe(some);
    expect(await requireAbility(some, "listTags").listTags(some.parse("x"))).toEqual(["a"]);
  });

  it("that are absent are refused, naming the transport and what it can do", async () => {
    const error = await errorOf(() => requireAbility(some, "openDestination"));
    expect(error.code).toBe("ERR_DRAYAGE_TRANSPORT_UNSUPPORTED");
    expect(error.message).toBe("transport example cannot write images");
    expect(error.hint).toBe("it can read images, list images");
    expect((await errorOf(() => requireAbility(none, "openSource"))).hint).toBe("it can do nothing");
  });

  it("see methods of a class too", () => {
    class Own {
      readonly scheme = "own";
      readonly summary = "a class";
      readonly syntax = "NAME";
      readonly apiVersion = transportApiVersion;
      readonly [transportBrand] = true;
      parse(text: string): { text: string } {
        return { text };
      }
      async listTags(): Promise<string[]> {
        return [];
      }
    }
    const own = new Own();
    expect(isTransport(own)).toBe(true);
    expect(abilities(own)).toEqual(["listTags"]);
    expect(defineTransport({ ...own, parse: (text) => ({ text }) }).scheme).toBe("own");
  });
});
