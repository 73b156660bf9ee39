import { expect, it } from "vitest";
import { commonVersion } from "../src/api-version.ts";

it.each([
  ["1.41", "1.41"],
  ["1.9", "1.9"],
  ["1.51", "1.51"],
  ["1.52", "1.51"],
  ["1.100", "1.51"],
  ["2.0", "1.51"],
  ["0.99", "0.99"],
  [undefined, "1.24"],
  ["", "1.24"],
  ["1.41/../..", "1.24"],
  ["1.41.2", "1.24"],
])("with a daemon that speaks %s, %s is spoken", (offered, spoken) => {
  expect(commonVersion(offered)).toBe(spoken);
});
