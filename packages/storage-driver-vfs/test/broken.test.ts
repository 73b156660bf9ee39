import { driverCases } from "@drayage/testkit";
import { describe, expect, it } from "vitest";
import { brokenDrivers } from "./support/broken.ts";
import { vfsFixture } from "./support/fixture.ts";
import { runDriverCase } from "./support/run-driver-suite.ts";

describe("the conformance suite", () => {
  it.each(brokenDrivers.map((broken) => [broken.what, broken] as const))(
    "notices a driver that %s",
    async (_, { found, spoil }) => {
      const setup = () => {
        const fixture = vfsFixture();
        return { ...fixture, driver: spoil(fixture.driver) };
      };
      const error = await runDriverCase(found, { setup, patience: 200 });
      expect(error).toBeInstanceOf(Error);
    },
  );

  it("has for each case a driver that fails it", () => {
    const found = new Set(brokenDrivers.map((broken) => broken.found));
    expect(driverCases.filter((name) => !name.startsWith("layer: ") && !found.has(name))).toEqual([]);
  });
});
