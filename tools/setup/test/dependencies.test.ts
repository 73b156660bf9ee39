import { expect, it } from "vitest";
import { staleness } from "../src/dependencies.mjs";

const wanted = {
  packages: {
    "": {},
    "node_modules/a": { version: "1.2.3" },
    "node_modules/only-elsewhere": { version: "1.0.0", optional: true },
    "node_modules/@drayage/tar": { resolved: "packages/tar", link: true },
  },
};
const installed = {
  "node_modules/a": { version: "1.2.3" },
  "node_modules/@drayage/tar": { resolved: "packages/tar", link: true },
};

it("what npm noted as installed is as the lockfile wants it", () => {
  expect(staleness(wanted, { packages: installed })).toBeUndefined();
});

it("nothing installed, a package missing and one of another version are stale", () => {
  expect(staleness(wanted, undefined)).toBe("they are not installed");
  const { "node_modules/@drayage/tar": _, ...withoutTar } = installed;
  expect(staleness(wanted, { packages: withoutTar })).toBe("node_modules/@drayage/tar is missing");
  const older = { ...installed, "node_modules/a": { version: "1.2.2" } };
  expect(staleness(wanted, { packages: older })).toBe("node_modules/a is of version 1.2.2, not 1.2.3");
});
