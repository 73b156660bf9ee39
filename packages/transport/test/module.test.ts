import { describe, expect, it } from "vitest";
import { transportsOf } from "../src/index.ts";
import { errorOf, example } from "./support.ts";

const one = example();
const two = example({ scheme: "two" });

describe("transportsOf", () => {
  const found: readonly [string, object, readonly unknown[]][] = [
    ["a default transport", { default: one }, [one]],
    ["a default factory", { default: () => one }, [one]],
    ["a default list", { default: [one, two] }, [one, two]],
    ["a default factory of a list", { default: () => [one, two] }, [one, two]],
    ["a transport by name", { transport: one, other: 5 }, [one]],
    ["a factory by name", { transport: () => two }, [two]],
    ["a list by name", { transports: [one, two] }, [one, two]],
    [
      "a CommonJS module compiled from an ES module",
      { default: { default: () => one, __esModule: true } },
      [one],
    ],
    ["a CommonJS module whose exports are the transport", { default: one, "module.exports": one }, [one]],
    ["a default before a name", { default: one, transport: two }, [one]],
  ];

  it.each(found)("finds %s", (_, namespace, transports) => {
    expect(transportsOf(namespace)).toEqual(transports);
  });

  const refused: readonly [string, unknown, RegExp][] = [
    ["no object", undefined, /exports no transport/],
    ["nothing", {}, /exports no transport/],
    ["a factory of other names only", { zip: () => one }, /exports no transport/],
    ["an empty list", { default: [] }, /empty list/],
    ["something else", { default: { scheme: "zip" } }, /no brand/],
    ["a factory of something else", { default: () => 5 }, /no object/],
    ["a factory that promises", { default: async () => one }, /no brand/],
    ["a list with something else in it", { default: [one, {}] }, /no brand/],
  ];

  it.each(refused)("refuses %s", async (_, namespace, reason) => {
    const error = await errorOf(() => transportsOf(namespace, "the package x"));
    expect(error.code).toBe("ERR_DRAYAGE_PLUGIN_INVALID");
    expect(error.message).toMatch(/^the package x /);
    expect(error.message).toMatch(reason);
  });
});
